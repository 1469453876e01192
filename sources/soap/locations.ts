import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export function isUrl(location: string): boolean {
  return /^https?:\/\//i.test(location);
}

/** Where an import of a document leads: an absolute path or URL. Undefined for what is neither. */
export function resolveLocation(location: string, base: string): string | undefined {
  try {
    if (isUrl(base)) {
      const url = new URL(location, base);
      url.hash = '';
      const { origin, username, password } = new URL(base);
      if (url.origin === origin && url.username === '') Object.assign(url, { username, password });
      return isUrl(url.href) ? url.href : undefined;
    }
    if (isUrl(location)) return new URL(location).href;
    if (/^file:/i.test(location)) return fileURLToPath(location);
    if (/^[a-z][a-z0-9+.-]+:/i.test(location) || location.includes('\0')) return undefined;
    return resolve(dirname(base), decodeURIComponent(location.replace(/[?#].*$/, '')));
  } catch {
    return undefined;
  }
}

/**
 * Documents come from others: one may lead to files below the folder of the first, or to the host it came from, and
 * nowhere else.
 */
export function mayRead(location: string, root: string): boolean {
  if (isUrl(root)) return isUrl(location) && new URL(location).origin === new URL(root).origin;
  if (isUrl(location)) return false;
  const below = relative(dirname(root), location);
  return below !== '' && !isAbsolute(below) && below !== '..' && !below.startsWith(`..${sep}`);
}
