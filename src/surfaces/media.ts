import type { MediaSource } from '../../sources/ai/model.ts';
import { wrong } from './field-reader.ts';

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*),/;

/** An address, or the bytes that a `data:` URL has in it. @throws SkeinError BAD_USER_INPUT */
export function mediaOf(url: string, path: string): MediaSource {
  if (!url.startsWith('data:')) {
    if (!/^(https?|gs):\/\//.test(url)) throw wrong(path, 'must be an https address or a data URL');
    return { type: 'url', url };
  }
  const [head, mediaType = '', parameters = ''] = DATA_URL.exec(url.slice(0, 1_000)) ?? [];
  if (head === undefined || mediaType === '' || !/;base64$/i.test(parameters))
    throw wrong(path, 'must be a data URL with a media type, in base64');
  return { type: 'base64', mediaType, data: url.slice(head.length) };
}
