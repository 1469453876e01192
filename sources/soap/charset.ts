import { XmlError } from './xml.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The text of an XML document as it came: by its byte order mark, the content type, its XML declaration, else UTF-8
 * (XML 1.0, appendix F; RFC 7303).
 * @throws XmlError for a charset that is not known, and bytes that do not belong to it
 */
export function decodeXml(bytes: Uint8Array, contentType?: string): string {
  const charset = byteOrderMark(bytes) ?? ofContentType(contentType, bytes) ?? ofDeclaration(bytes) ?? 'utf-8';
  // The decoders of the web read windows-1252 instead.
  if (/^(?:iso-?8859-1|latin1)$/.test(charset)) return Buffer.from(bytes).toString('latin1');
  const decoder = charset === 'utf-8' ? UTF8 : decoderOf(charset);
  try {
    return decoder.decode(bytes);
  } catch {
    throw new XmlError(`it has bytes that are not ${charset}`);
  }
}

function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    throw new XmlError('its charset is not known');
  }
}

function byteOrderMark([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return undefined;
}

function ofContentType(contentType: string | undefined, bytes: Uint8Array): string | undefined {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(contentType ?? '')?.[1]?.toLowerCase();
  return charset === 'utf-16' ? (withoutMark(bytes) ?? 'utf-16be') : charset;
}

function ofDeclaration(bytes: Uint8Array): string | undefined {
  const wide = withoutMark(bytes);
  if (wide !== undefined) return wide;
  const start = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  const declared = /^<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(start)?.[1]?.toLowerCase();
  // The declaration was just read in single bytes: some writers name the encoding of their strings instead.
  return declared?.startsWith('utf-16') ? 'utf-8' : declared;
}

/** UTF-16 is known by its first `<`. */
function withoutMark([first, second]: Uint8Array): string | undefined {
  if (first === 0x3c && second === 0) return 'utf-16le';
  if (first === 0 && second === 0x3c) return 'utf-16be';
  return undefined;
}
