import { stat } from 'node:fs/promises';

export interface FileWatcherOptions {
  /** The files to watch now; they may be others each time. */
  files(): Iterable<string>;
  readonly everyMs: number;
  /** When what is watched now began to be read, in milliseconds since 1970: what was written later is read too old, perhaps. */
  readAt(): number;
  /** Called with all that changed, once nothing has changed for one turn: editors and deployments write in steps. */
  onChange(changed: ReadonlySet<string>): void;
}

export interface FileWatcher {
  /** Looks now, as a turn does. */
  look(): Promise<void>;
  stop(): void;
}

/** Times of files are those of the system's last tick, some milliseconds ago. */
const ROUNDED_BY_MS = 50;

/**
 * Watches files by looking at them. Unlike the events of a file system this sees files that are replaced, links that
 * are turned to another folder (as mounted configuration is) and files on network mounts, and it costs a `stat` each.
 */
export function createFileWatcher({ files, everyMs, readAt, onChange }: FileWatcherOptions): FileWatcher {
  const known = new Map<string, string>();
  let pending = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function look(): Promise<void> {
    const since = readAt() - ROUNDED_BY_MS;
    const watched = new Set(files());
    const changed = new Set<string>();
    await Promise.all(
      [...watched].map(async (file) => {
        const { text, changedAtMs } = await signatureOf(file);
        const before = known.get(file);
        known.set(file, text);
        if (before === undefined ? changedAtMs >= since : before !== text) changed.add(file);
      }),
    );
    for (const file of known.keys()) if (!watched.has(file)) known.delete(file);
    if (changed.size > 0) {
      pending = new Set([...pending, ...changed]);
      return;
    }
    if (pending.size === 0 || stopped) return;
    const settled = pending;
    pending = new Set();
    onChange(settled);
  }

  const later = () => {
    if (stopped) return;
    timer = setTimeout(() => void look().finally(later), everyMs);
    timer.unref();
  };
  void look().finally(later);
  return {
    look,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function signatureOf(file: string): Promise<{ readonly text: string; readonly changedAtMs: number }> {
  try {
    const { mtimeMs, ctimeMs, size, ino } = await stat(file);
    return { text: `${ino} ${size} ${mtimeMs} ${ctimeMs}`, changedAtMs: ctimeMs };
  } catch {
    return { text: 'absent', changedAtMs: 0 };
  }
}
