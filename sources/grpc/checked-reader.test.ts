import protobuf from 'protobufjs';
import { expect, it } from 'vitest';
import { CheckedReader, messageBudget } from './checked-reader.ts';

it('makes one of all that is empty, which takes two bytes and would take hundreds', () => {
  const type = new protobuf.Type('Message').add(new protobuf.Field('f1', 1, 'bytes', 'repeated'));
  const empty = [0x0a, 0x00];
  const bytes = Buffer.from([...empty, 0x0a, 0x01, 0x07, ...empty, ...empty]);
  const { f1 } = type.toObject(type.decode(new CheckedReader(bytes, messageBudget(100))));
  expect(f1).toEqual([Buffer.alloc(0), Buffer.from([7]), Buffer.alloc(0), Buffer.alloc(0)]);
  expect(new Set(f1).size).toBe(2);
});
