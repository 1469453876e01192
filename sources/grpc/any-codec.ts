import { budgetOf, type MessageBudget } from './checked-reader.ts';
import { InputError, isRecord, type ValueCodec } from './codec.ts';
import { SCALAR_CODECS } from './scalar-codecs.ts';
import { WELL_KNOWN_SHAPES } from './well-known-shapes.ts';

/** A message of the document, on its own. */
export interface Packable {
  /** `budget` is that of the answer it is packed in, if it has one. */
  decode(bytes: Uint8Array, budget?: MessageBudget): unknown;
  encode(value: unknown, field: string): Uint8Array;
}

const MAX_DEPTH = 20;

/**
 * `google.protobuf.Any` as JSON: `{ "@type": "type.googleapis.com/shop.Stock", "sku": … }`, of messages that stand for a
 * value `{ "@type": …, "value": … }`. What the document does not define stays bytes, as base64 in `value`.
 */
export function anyCodec(packableOf: (fullName: string) => Packable | undefined): ValueCodec {
  let depth = 0;

  function deeper<T>(work: () => T): T {
    if (depth >= MAX_DEPTH) throw new InputError(`A google.protobuf.Any is more than ${MAX_DEPTH} deep.`);
    depth += 1;
    try {
      return work();
    } finally {
      depth -= 1;
    }
  }

  function read(message: unknown): unknown {
    if (!isRecord(message) || !Object.hasOwn(message, 'f1') || message.f1 === '') return null;
    const type = String(message.f1);
    const bytes = message.f2 instanceof Uint8Array ? message.f2 : new Uint8Array();
    const packable = packableOf(nameIn(type));
    if (packable === undefined) return { '@type': type, value: Buffer.from(bytes).toString('base64') };
    const value = deeper(() => packable.decode(bytes, budgetOf(message)));
    return isPlain(type) && isRecord(value) ? { '@type': type, ...value } : { '@type': type, value };
  }

  function write(value: unknown, field: string): unknown {
    const type = isRecord(value) ? value['@type'] : undefined;
    if (!isRecord(value) || typeof type !== 'string' || !type.includes('/')) {
      throw new InputError(`"${field}" must be an object with "@type", e.g. "type.googleapis.com/shop.Stock".`);
    }
    const { '@type': _, ...content } = value;
    const packable = packableOf(nameIn(type));
    if (packable !== undefined) {
      return { f1: type, f2: deeper(() => packable.encode(isPlain(type) ? content : content.value, field)) };
    }
    if (Object.keys(content).join() !== 'value' || typeof content.value !== 'string') {
      throw new InputError(
        `The type "${type}" is not known here: "${field}" must have its bytes as base64 in "value".`,
      );
    }
    return { f1: type, f2: SCALAR_CODECS.get('bytes')?.write(content.value, field) };
  }

  return { read, write };
}

function nameIn(type: string): string {
  return type.slice(type.lastIndexOf('/') + 1);
}

/** Its fields stand beside `@type`. */
function isPlain(type: string): boolean {
  return !WELL_KNOWN_SHAPES.has(nameIn(type));
}
