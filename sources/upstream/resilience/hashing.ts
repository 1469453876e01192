/** FNV-1a over UTF-16 code units, mixed. 32 bits, unsigned. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mix(hash);
}

/**
 * How well an endpoint fits a key: a random number that is always the same for the two, spread so that each endpoint has
 * the highest of all as often as its weight says. Scores do not depend on the other endpoints: one that goes takes
 * nothing but its own keys along.
 */
export function rendezvousScore(key: number, seed: number, weight: number): number {
  const unit = (mix(key ^ seed) + 0.5) / 2 ** 32;
  return weight / -Math.log(unit);
}

/** The finalizer of MurmurHash3: each bit of the input changes each of the output with a chance of one half. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
