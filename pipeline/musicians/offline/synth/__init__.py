"""The synthesiser of the offline band: a score in, a stereo clip out."""
