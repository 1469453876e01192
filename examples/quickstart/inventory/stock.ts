export interface StockRecord {
  readonly sku: string;
  readonly warehouse: string;
  quantity: number;
  updatedAtMs: number;
}

const COUNTED_AT_MS = Date.parse('2024-06-01T06:00:00Z');

/** What lies in the warehouses at the start. */
export function createStock(): Map<string, StockRecord> {
  const counted: ReadonlyArray<readonly [sku: string, quantity: number, warehouse: string]> = [
    ['lamp-01', 42, 'Rotterdam'],
    ['lamp-02', 7, 'Rotterdam'],
    ['drill-01', 18, 'Gdansk'],
    ['saw-01', 25, 'Gdansk'],
    ['hammer-01', 64, 'Gdansk'],
    ['spade-01', 12, 'Lyon'],
    ['hose-01', 0, 'Lyon'],
    ['shears-01', 31, 'Lyon'],
    ['pan-01', 9, 'Rotterdam'],
    ['kettle-01', 15, 'Rotterdam'],
    ['tent-01', 3, 'Lyon'],
    ['stove-01', 22, 'Lyon'],
  ];
  return new Map(
    counted.map(([sku, quantity, warehouse]) => [sku, { sku, quantity, warehouse, updatedAtMs: COUNTED_AT_MS }]),
  );
}

/** The names are those of the proto's enum. */
export function availabilityOf(quantity: number): string {
  if (quantity === 0) return 'AVAILABILITY_OUT_OF_STOCK';
  return quantity < 10 ? 'AVAILABILITY_LOW' : 'AVAILABILITY_IN_STOCK';
}

/**
 * Picks the next sale or delivery: another product and amount each time, the same sequence on every run. The record's
 * own quantity is changed.
 */
export function createSimulation(records: readonly StockRecord[]) {
  const random = createRandom(20_240_601);
  return (nowMs: number) => {
    const record = records[Math.floor(random() * records.length)];
    if (!record) return undefined;
    const amount = 1 + Math.floor(random() * 3);
    const sale = random() < 0.6 && record.quantity >= amount;
    const delta = sale ? -amount : amount;
    record.quantity += delta;
    record.updatedAtMs = nowMs;
    return { sku: record.sku, quantity: record.quantity, delta };
  };
}

/** Numbers in [0, 1): a 32-bit xorshift. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
