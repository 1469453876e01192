import { readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { describeError } from '../../kernel/errors.ts';
import type { Clock, Log } from '../../kernel/ports.ts';

export interface DocumentFilesDeps {
  /** Where copies of documents of the store are, each in a folder that is called by its hash. */
  readonly folder: string;
  /** Paths that graphs in memory were made of. */
  used(): Iterable<string>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface DocumentFiles {
  /** Removes copies that nothing needs any more. Never rejects. */
  tidy(): Promise<void>;
  stop(): void;
}

const EVERY_MS = 3_600_000;
/** Other processes may have the same folder, and configurations are tried in it: what somebody has used lately stays. */
const KEPT_MS = 24 * 3_600_000;
const OURS = /^[0-9a-f]{64}$/;
const LEFT = /^[0-9a-f]{64}\.removed$/;

/**
 * Keeps the folder from growing for ever. The time of each copy's folder says when it was last used: whoever reads a
 * configuration sets it, and so does this for what is in use here. What was removed is made again where it is missing.
 */
export function createDocumentFiles({ folder, used, clock, log }: DocumentFilesDeps): DocumentFiles {
  const tidy = async () => {
    const now = new Date(clock.now());
    const inUse = new Set<string>();
    for (const path of used()) {
      const [hash = '', ...rest] = relative(folder, path).split(sep);
      if (rest.length > 0 && OURS.test(hash)) inUse.add(hash);
    }
    const names = await readdir(folder);
    // These first: what is removed takes their places.
    for (const name of names.filter((one) => LEFT.test(one)))
      await rm(join(folder, name), { recursive: true, force: true });
    for (const name of names.filter((one) => OURS.test(one))) {
      const place = join(folder, name);
      await (inUse.has(name) ? utimes(place, now, now) : removeOld(place, now)).catch(unlessGone);
    }
  };
  const removeOld = async (place: string, now: Date) => {
    if (await isOld(place, now)) await remove(place, now);
  };
  const isOld = async (place: string, now: Date) => {
    const found = await stat(place);
    return found.isDirectory() && now.getTime() - found.mtimeMs > KEPT_MS;
  };
  /** Somebody may take it into use at this moment: then it goes back. */
  const remove = async (place: string, now: Date) => {
    const aside = `${place}.removed`;
    await rename(place, aside);
    if (await isOld(aside, now)) await rm(aside, { recursive: true, force: true });
    else await rename(aside, place);
  };
  /** Another process may have removed it. */
  const unlessGone = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  };
  const orTell = () =>
    tidy().catch((error: NodeJS.ErrnoException) => {
      // There is none before the first document.
      if (error.code !== 'ENOENT')
        log.warn({ reason: describeError(error) }, 'copies of documents could not be removed');
    });
  const timer = setInterval(() => void orTell(), EVERY_MS).unref();
  return { tidy: orTell, stop: () => clearInterval(timer) };
}
