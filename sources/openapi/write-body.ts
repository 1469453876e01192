import { isUpload, type Upload } from '../upload.ts';
import type { BodyPlan } from './body-plan.ts';
import type { InputEncoder } from './encode-input.ts';
import { formWriter } from './form.ts';
import { multipartWriter, typeOfFile, wellFormed } from './multipart.ts';
import { plainText } from './styles.ts';
import { writeJson } from './write-json.ts';

export interface WrittenBody {
  readonly contentType: string;
  readonly content: string | Buffer;
}

/** Asynchronous only where files are sent. Throws and rejects with SkeinError BAD_USER_INPUT. */
export type BodyWriter = (value: unknown) => WrittenBody | Promise<WrittenBody>;

/** Compiles how the value of the body's argument, which may be null, is written. */
export function bodyWriter({ kind, mediaType, fields }: BodyPlan, encodeInput: InputEncoder): BodyWriter {
  const encoded = (value: unknown) => (encodeInput === undefined ? value : encodeInput(value));
  switch (kind) {
    case 'json': {
      const write = encodeInput === undefined ? JSON.stringify : (value: unknown) => writeJson(encodeInput(value));
      return (value) => ({ contentType: mediaType, content: write(value) });
    }
    case 'form': {
      const write = formWriter(fields);
      return (value) => ({ contentType: mediaType, content: write(encoded(value)) });
    }
    case 'multipart': {
      const write = multipartWriter(fields);
      return async (value) => {
        const { contentType, body } = await write(encoded(value));
        return { contentType, content: body };
      };
    }
    case 'text': {
      const contentType = mediaType.includes(';') ? mediaType : `${mediaType}; charset=utf-8`;
      return (value) => ({ contentType, content: value === null ? '' : wellFormed(plainText(value)) });
    }
    case 'binary':
      return async (value) => ({
        contentType: isUpload(value) ? typeOfFile(value, [mediaType]) : mediaType,
        content: isUpload(value) ? await bytesOf(value) : Buffer.alloc(0),
      });
  }
}

async function bytesOf(upload: Upload): Promise<Buffer> {
  return Buffer.from(await upload.arrayBuffer());
}
