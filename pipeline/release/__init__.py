"""Release: a folder that can be uploaded as it is, of what was approved, with everything a platform asks for."""
