import { type Codec, InputError } from './codec.ts';

/** Protobuf's scalar types. https://protobuf.dev/programming-guides/proto3/#scalar */
export const SCALAR_CODECS: ReadonlyMap<string, Codec> = new Map([
  ['string', text()],
  ['bool', boolean()],
  ['bytes', bytes()],
  ['double', float((value) => value)],
  ['float', float(Math.fround)],
  ...['int32', 'sint32', 'sfixed32'].map((type) => [type, integer('Int', -(2 ** 31), 2 ** 31 - 1)] as const),
  // GraphQL's Int has no room for the upper half.
  ...['uint32', 'fixed32'].map((type) => [type, integer('Float', 0, 2 ** 32 - 1)] as const),
  ...['int64', 'sint64', 'sfixed64'].map((type) => [type, long(-(2n ** 63n), 2n ** 63n - 1n)] as const),
  ...['uint64', 'fixed64'].map((type) => [type, long(0n, 2n ** 64n - 1n)] as const),
]);

function text(): Codec {
  return {
    output: 'String',
    input: 'String',
    zero: '',
    write: (value, field) => {
      if (typeof value !== 'string') throw new InputError(`"${field}" must be a string.`);
      return value;
    },
  };
}

function boolean(): Codec {
  return {
    output: 'Boolean',
    input: 'Boolean',
    zero: false,
    write: (value, field) => {
      if (typeof value !== 'boolean') throw new InputError(`"${field}" must be true or false.`);
      return value;
    },
  };
}

/** As base64, the URL-safe alphabet being welcome as input. */
function bytes(): Codec {
  return {
    output: 'String',
    input: 'String',
    zero: '',
    read: (value) => {
      if (!(value instanceof Uint8Array)) return '';
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    },
    write: (value, field) => {
      const digits = typeof value === 'string' ? /^([A-Za-z0-9+/_-]*)={0,2}$/.exec(value)?.[1] : undefined;
      // Four of them are three bytes; one alone is none.
      if (digits === undefined || digits.length % 4 === 1) throw new InputError(`"${field}" must be base64.`);
      return Buffer.from(digits, 'base64');
    },
  };
}

/** GraphQL has no NaN and no Infinity: they read as null. `round` gives what is left of a number in so many bits. */
function float(round: (value: number) => number): Codec {
  return {
    output: 'Float',
    input: 'Float',
    mayReadNull: true,
    zero: 0,
    read: (value) => (Number.isFinite(value) ? value : null),
    write: (value, field) => {
      if (typeof value !== 'number') throw new InputError(`"${field}" must be a number.`);
      if (!Number.isFinite(round(value)))
        throw new InputError(`"${field}" must be a number within the range of its type.`);
      return value;
    },
  };
}

function integer(type: 'Int' | 'Float', min: number, max: number): Codec {
  return {
    output: type,
    input: type,
    zero: 0,
    write: (value, field) => {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
        throw new InputError(`"${field}" must be an integer from ${min} to ${max}.`);
      }
      return value;
    },
  };
}

/** 64 bits, as decimal digits; protobufjs has them as two halves. */
function long(min: bigint, max: bigint): Codec {
  return {
    output: 'Int64',
    input: 'Int64',
    zero: '0',
    read: String,
    write: (value, field) => {
      const digits = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
      const number = typeof digits === 'string' && /^-?\d{1,20}$/.test(digits) ? BigInt(digits) : undefined;
      if (number === undefined || number < min || number > max) {
        throw new InputError(`"${field}" must be an integer from ${min} to ${max}.`);
      }
      return { low: Number(BigInt.asIntN(32, number)), high: Number(BigInt.asIntN(32, number >> 32n)) };
    },
  };
}
