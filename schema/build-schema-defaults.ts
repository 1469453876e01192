import {
  type ConstValueNode,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  valueFromAST,
} from 'graphql';
import type { Steps } from '../kernel/steps.ts';

/** An argument or input field whose default is still to be read. */
interface Place {
  defaultValue?: unknown;
  readonly type: GraphQLInputType;
}

interface Defaults {
  /** `owner` is the input type that the place is a field of. */
  add(place: Place, node: ConstValueNode, owner?: GraphQLInputObjectType): void;
  /** Reads all of them, when all types have their fields. */
  settle(): Steps<void>;
}

/** Reads default values after all types are there: that of one field may need those of the fields of its type. */
export function createDefaults(): Defaults {
  const ofArguments: [Place, ConstValueNode][] = [];
  const ofInputs = new Map<GraphQLInputObjectType, [Place, ConstValueNode][]>();

  const read = (place: Place, node: ConstValueNode) => {
    prepare(place.type, node);
    place.defaultValue = valueFromAST(node, place.type);
  };
  const readAll = (type: GraphQLInputObjectType) => {
    const pending = ofInputs.get(type);
    if (pending === undefined) return;
    ofInputs.delete(type);
    for (const [place, node] of pending) read(place, node);
  };
  /** The value leaves fields out: their own defaults are read first. */
  const prepare = (type: GraphQLInputType, node: ConstValueNode): void => {
    if (isNonNullType(type)) prepare(type.ofType, node);
    else if (isListType(type)) {
      for (const item of node.kind === Kind.LIST ? node.values : [node]) prepare(type.ofType, item);
    } else if (isInputObjectType(type) && node.kind === Kind.OBJECT) {
      readAll(type);
      const fields = type.getFields();
      for (const { name, value } of node.fields) {
        const field = fields[name.value];
        if (field !== undefined) prepare(field.type, value);
      }
    }
  };
  return {
    add(place, node, owner) {
      const list = owner === undefined ? ofArguments : (ofInputs.get(owner) ?? []);
      list.push([place, node]);
      if (owner !== undefined) ofInputs.set(owner, list);
    },
    *settle() {
      for (const type of [...ofInputs.keys()]) {
        readAll(type);
        yield;
      }
      for (const [place, node] of ofArguments) {
        read(place, node);
        yield;
      }
    },
  };
}
