import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  ServerCredentials,
  status,
} from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { type Backend, type BackendOptions, quickstartFile } from '../backend.ts';
import { availabilityOf, createSimulation, createStock, type StockRecord } from './stock.ts';

export interface InventoryOptions extends BackendOptions {
  /** Pause between two changes of WatchStock, in milliseconds. Default: 500. */
  readonly changeEveryMs?: number;
}

/** The inventory: a gRPC service over stock in memory. inventory.proto describes it. */
export function createInventoryServer(options: InventoryOptions = {}): Backend {
  const { changeEveryMs = 500 } = options;
  const stock = createStock();

  const getStock: handleUnaryCall<{ sku: string }, object> = (call, callback) => {
    options.onCall?.('GetStock');
    const record = stock.get(call.request.sku);
    if (record) callback(null, toStock(record));
    else callback({ code: status.NOT_FOUND, details: 'No warehouse knows this sku.' });
  };

  const batchGetStock: handleUnaryCall<{ skus: readonly string[] }, object> = (call, callback) => {
    options.onCall?.('BatchGetStock');
    callback(null, { stocks: select(stock, call.request.skus).map(toStock) });
  };

  const watchStock: handleServerStreamingCall<{ skus: readonly string[] }, object> = (call) => {
    options.onCall?.('WatchStock');
    const { skus } = call.request;
    const next = createSimulation(skus.length > 0 ? select(stock, skus) : [...stock.values()]);
    const timer = setInterval(() => {
      // A caller that does not read gets no more changes, rather than a growing queue of them.
      if (call.writableNeedDrain) return;
      const change = next(Date.now());
      if (change) call.write(change);
    }, changeEveryMs);
    let over = false;
    const stop = () => {
      if (over) return;
      over = true;
      clearInterval(timer);
      options.onStreamEnd?.('WatchStock');
    };
    call.on('cancelled', stop);
    call.on('close', stop);
    call.on('error', stop);
  };

  const server = new Server();
  server.addService(loadService('acme.inventory.v1.Inventory'), {
    GetStock: getStock,
    BatchGetStock: batchGetStock,
    WatchStock: watchStock,
  });
  return {
    listen: (port = 0) =>
      new Promise((resolve, reject) => {
        server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
          error ? reject(error) : resolve(bound),
        );
      }),
    close: async () => server.forceShutdown(),
  };
}

function toStock(record: StockRecord): object {
  return { ...record, availability: availabilityOf(record.quantity) };
}

function select(stock: ReadonlyMap<string, StockRecord>, skus: readonly string[]): StockRecord[] {
  return [...new Set(skus)].flatMap((sku) => stock.get(sku) ?? []);
}

/** What grpc-js wants to know of a service: per method a path and how its messages become bytes. */
function loadService(name: string): Record<string, MethodDefinition<object, object>> {
  const service = protobuf.loadSync(quickstartFile('inventory/inventory.proto')).lookupService(name);
  const methods = service.methodsArray.map((method) => {
    method.resolve();
    const { resolvedRequestType: input, resolvedResponseType: output } = method;
    if (!input || !output) throw new Error(`${name}.${method.name} names a message that does not exist.`);
    const definition: MethodDefinition<object, object> = {
      path: `/${name}/${method.name}`,
      requestStream: method.requestStream ?? false,
      responseStream: method.responseStream ?? false,
      requestSerialize: encoder(input),
      requestDeserialize: decoder(input),
      responseSerialize: encoder(output),
      responseDeserialize: decoder(output),
    };
    return [method.name, definition] as const;
  });
  return Object.fromEntries(methods);
}

function encoder(type: protobuf.Type): (value: object) => Buffer {
  return (value) => Buffer.from(type.encode(type.fromObject(value)).finish());
}

function decoder(type: protobuf.Type): (bytes: Buffer) => object {
  return (bytes) => type.toObject(type.decode(bytes), { defaults: true, arrays: true, longs: Number, enums: String });
}
