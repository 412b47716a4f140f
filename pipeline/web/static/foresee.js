// What an album will look like once a decision is made: shown at once, and replaced by what the server then says.

const SAID = {
  approved: "Approved",
  rejected: "Rejected",
  take: "Will be used",
  reroll: "Another take was ordered",
  retitled: "Retitled",
  reordered: "Put in another order",
  cover: "Another cover was ordered",
  noted: "Noted",
};

export const inWords = (decision) => SAID[decision] ?? decision;

export function foresee(album, ask) {
  const next = structuredClone(album);
  const track = next.tracks.find((one) => one.track === ask.track);
  const take = track?.takes.find((one) => one.take === ask.take);
  if (take && ["approved", "rejected"].includes(ask.decision)) {
    take.decided = ask.decision;
    take.reason = ask.note ?? "";
  }
  if (take && ask.decision === "take") {
    track.chosen = ask.take;
    for (const one of track.takes) one.chosen = one.take === ask.take;
  }
  if (ask.decision === "retitled") (track ?? next).title = ask.value;
  if (ask.decision === "noted") (track ?? next).note = ask.note;
  if (ask.decision === "reroll" && track) track.rerolls += 1;
  if (ask.decision === "reordered") {
    const order = ask.value.split(",").map(Number);
    next.tracks.sort((one, other) => order.indexOf(one.track) - order.indexOf(other.track));
    next.tracks.forEach((one, index) => (one.position = index + 1));
  }
  if (!track && ["approved", "rejected"].includes(ask.decision)) next.status = ask.decision;
  return next;
}
