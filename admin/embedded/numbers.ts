import mongoose, { type mongo } from 'mongoose';

const { Decimal128, Double, Int32, Long } = mongoose.mongo;

/** Every way a BSON number can stand in JavaScript. */
export type BsonNumber = number | bigint | mongo.Int32 | mongo.Double | mongo.Long | mongo.Decimal128;

type NumberKind = 'int' | 'long' | 'double' | 'decimal';

export function isBsonNumber(value: unknown): value is BsonNumber {
  if (typeof value === 'number' || typeof value === 'bigint') return true;
  const type = (value as { _bsontype?: unknown } | null | undefined)?._bsontype;
  return type === 'Int32' || type === 'Double' || type === 'Long' || type === 'Decimal128';
}

/** The nearest double. */
export function toDouble(value: BsonNumber): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return value._bsontype === 'Decimal128' ? Number(value.toString()) : Number(value.valueOf());
}

/** What the nearest double leaves of the value, so that 64-bit integers and decimals compare exactly. */
function residual(value: BsonNumber, nearest: number): number {
  if (typeof value === 'number' || !Number.isFinite(nearest)) return 0;
  if (typeof value === 'bigint') return Number(value - BigInt(nearest));
  if (value._bsontype === 'Long') return Number(value.toBigInt() - BigInt(nearest));
  if (value._bsontype !== 'Decimal128') return 0;
  const { coefficient, exponent } = parseDecimal(value);
  // coefficient × 10^exponent − nearest, in fractions of whole numbers; a double is a whole number over 2^1074.
  const scale = 10n ** BigInt(Math.max(0, -exponent));
  const numerator = ((coefficient * 10n ** BigInt(Math.max(0, exponent))) << 1074n) - scaledDouble(nearest) * scale;
  return ratio(numerator, scale << 1074n);
}

function scaledDouble(value: number): bigint {
  let scaled = value;
  let shift = 1074n;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    shift -= 1n;
  }
  return BigInt(scaled) << shift;
}

function ratio(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  const magnitude = numerator < 0n ? -numerator : numerator;
  const shift = BigInt(Math.max(0, denominator.toString(2).length - magnitude.toString(2).length + 64));
  const quotient = Number((magnitude << shift) / denominator) * 2 ** -Number(shift);
  return numerator < 0n ? -quotient : quotient;
}

const ORDERED = new DataView(new ArrayBuffer(8));

/** The bits of a double in an order that compares as bytes; NaN is the least number, as MongoDB has it. */
function writeOrderedDouble(target: Buffer, offset: number, value: number): void {
  if (Number.isNaN(value)) {
    target.fill(0, offset, offset + 8);
    return;
  }
  ORDERED.setFloat64(0, value === 0 ? 0 : value);
  const high = ORDERED.getUint32(0);
  const low = ORDERED.getUint32(4);
  const negative = high >>> 31 === 1;
  target.writeUInt32BE(negative ? ~high >>> 0 : (high | 0x80000000) >>> 0, offset);
  target.writeUInt32BE(negative ? ~low >>> 0 : low, offset + 4);
}

/** Bytes that compare as the numbers do, whatever their types: equal numbers give equal bytes. */
export function encodeNumber(value: BsonNumber): Buffer {
  const nearest = toDouble(value);
  const rest = residual(value, nearest);
  const bytes = Buffer.allocUnsafe(rest === 0 ? 9 : 17);
  writeOrderedDouble(bytes, 0, nearest);
  bytes[8] = rest === 0 ? 0x80 : rest < 0 ? 0x7f : 0x81;
  if (rest !== 0) writeOrderedDouble(bytes, 9, rest);
  return bytes;
}

export function compareNumbers(a: BsonNumber, b: BsonNumber): number {
  if (typeof a === 'number' && typeof b === 'number') {
    if (a < b) return -1;
    if (a > b) return 1;
    if (a === b) return 0;
  }
  return Buffer.compare(encodeNumber(a), encodeNumber(b));
}

function numberKind(value: BsonNumber): NumberKind {
  if (typeof value === 'bigint') return 'long';
  if (typeof value === 'number') return Number.isInteger(value) && (value | 0) === value ? 'int' : 'double';
  return ({ Int32: 'int', Double: 'double', Long: 'long', Decimal128: 'decimal' } as const)[value._bsontype];
}

const KINDS: readonly NumberKind[] = ['int', 'long', 'double', 'decimal'];
const INT64_LIMIT = 2n ** 63n;

function toBigInt(value: BsonNumber): bigint {
  return typeof value === 'object' && value._bsontype === 'Long' ? value.toBigInt() : BigInt(toDouble(value));
}

/**
 * `$inc` and `$mul`: the result has the wider type of the two, a 32-bit overflow becomes 64-bit.
 * `undefined` where 64 bits do not suffice.
 */
export function arithmetic(operator: '+' | '*', a: BsonNumber, b: BsonNumber): BsonNumber | undefined {
  const kind = KINDS[Math.max(KINDS.indexOf(numberKind(a)), KINDS.indexOf(numberKind(b)))];
  if (kind === 'decimal') return decimalArithmetic(operator, toDecimal(a), toDecimal(b));
  if (kind === 'double') {
    const [x, y] = [toDouble(a), toDouble(b)];
    return new Double(operator === '+' ? x + y : x * y);
  }
  const [x, y] = [toBigInt(a), toBigInt(b)];
  const result = operator === '+' ? x + y : x * y;
  if (result >= INT64_LIMIT || result < -INT64_LIMIT) return undefined;
  const fits = kind === 'int' && BigInt.asIntN(32, result) === result;
  return fits ? new Int32(Number(result)) : Long.fromBigInt(result);
}

function toDecimal(value: BsonNumber): mongo.Decimal128 {
  if (typeof value === 'object' && value._bsontype === 'Decimal128') return value;
  return Decimal128.fromStringWithRounding(value.toString());
}

function parseDecimal(value: mongo.Decimal128): { coefficient: bigint; exponent: number } {
  const [mantissa = '0', power = '0'] = value.toString().split('E');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return { coefficient: BigInt(whole + fraction), exponent: Number(power) - fraction.length };
}

function decimalArithmetic(operator: '+' | '*', a: mongo.Decimal128, b: mongo.Decimal128): mongo.Decimal128 {
  if (![a, b].every((value) => Number.isFinite(toDouble(value)))) {
    const [x, y] = [toDouble(a), toDouble(b)];
    return Decimal128.fromString(String(operator === '+' ? x + y : x * y));
  }
  const [x, y] = [parseDecimal(a), parseDecimal(b)];
  if (operator === '*') return decimal(x.coefficient * y.coefficient, x.exponent + y.exponent);
  const exponent = Math.min(x.exponent, y.exponent);
  const shifted = (part: { coefficient: bigint; exponent: number }) =>
    part.coefficient * 10n ** BigInt(part.exponent - exponent);
  return decimal(shifted(x) + shifted(y), exponent);
}

function decimal(coefficient: bigint, exponent: number): mongo.Decimal128 {
  return Decimal128.fromStringWithRounding(`${coefficient}E${exponent}`);
}
