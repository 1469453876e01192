import { compileOpenapi, type OpenapiCompilation } from '../../sources/openapi/compile.ts';
import type { OpenapiOptions } from '../../sources/openapi/options.ts';
import { isUrl } from './read-document.ts';

/**
 * Compiles an OpenAPI document that may still be bytes of UTF-8: to read the text of a large one takes long, too. What
 * a host says is read as far as it can be; a file that is no text is a mistake.
 */
export function compileOpenapiDocument(
  options: OpenapiOptions,
  document: string | ArrayBuffer,
  file: string,
): OpenapiCompilation {
  let text: string;
  try {
    text = typeof document === 'string' ? document : decode(document, !isUrl(file));
  } catch {
    const message = 'The document cannot be read: it is not UTF-8 text.';
    return { compiled: undefined, problems: [{ path: ['document'], file, message }] };
  }
  return compileOpenapi(options, text, file);
}

function decode(bytes: ArrayBuffer, fatal: boolean): string {
  return new TextDecoder('utf-8', { fatal }).decode(bytes);
}
