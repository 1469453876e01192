import type { Findings } from './findings.ts';
import type { ElementName, TypePlan } from './plan.ts';
import type { Slot } from './slots.ts';
import type { TypeBuilder } from './type-builder.ts';
import { BrokenError, type Message, type Part, UnusableError, type WsdlOperation } from './wsdl-operations.ts';
import { attributeOf, resolveName } from './xml.ts';

/** An operation with its types asked for, which the builder has yet to fill. */
export interface DraftOperation {
  readonly name: string;
  readonly source: WsdlOperation;
  readonly input: DraftBody;
  readonly headers: readonly Slot[];
  /** Undefined for one-way operations. */
  readonly output: DraftBody | undefined;
}

export interface DraftBody {
  /** The element around everything. */
  readonly wrapper: ElementName | undefined;
  /** Elements in it, or of the body itself. */
  readonly slots: readonly Slot[];
  /** The body is one element, whose type this is, and could do without `slots`. */
  readonly element: { readonly name: ElementName; readonly type: TypePlan } | undefined;
  readonly isEncoded: boolean;
}

/** Asks for the types of an operation. @throws UnusableError, BrokenError when it has to be left out */
export function draftOperation(source: WsdlOperation, types: TypeBuilder, findings: Findings): DraftOperation {
  const { name, wsdlName, style, input, output } = source;
  for (const header of output?.headers ?? []) {
    findings.notice(source, `The header "${header.name}" of what "${name}" answers is not read.`);
  }
  return {
    name,
    source,
    input: draftBody(input, style, wsdlName, types, findings),
    headers: input.headers.map((part) => ({ ...partSlot(part, input, types, findings), min: 0 })),
    output: output && draftBody(output, style, `${wsdlName}Response`, types, findings),
  };
}

function draftBody(
  message: Message,
  style: 'document' | 'rpc',
  rpcName: string,
  types: TypeBuilder,
  findings: Findings,
): DraftBody {
  const { body, isEncoded, namespace } = message;
  if (style === 'rpc') {
    const slots = body.map((part) => ({
      ...partSlot(part, message, types, findings),
      key: part.name,
      local: part.name,
      namespace: '',
    }));
    return { wrapper: { namespace, local: rpcName }, slots, element: undefined, isEncoded };
  }
  if (body.length > 1) throw new UnusableError('its message has several parts, where document style allows one');
  for (const { node, name } of body) {
    if (attributeOf(node, 'element') === undefined) {
      throw new UnusableError(`the part "${name}" of its message has no element, as document style needs it`);
    }
  }
  const slots = body.map((part) => partSlot(part, message, types, findings));
  const [only] = slots;
  const element = only && { name: { namespace: only.namespace, local: only.local }, type: only.type };
  return { wrapper: undefined, slots, element, isEncoded };
}

function partSlot(part: Part, message: Message, types: TypeBuilder, findings: Findings): Slot {
  const { node, file, name } = part;
  const [element, type] = [attributeOf(node, 'element'), attributeOf(node, 'type')];
  const common = { place: 'element', min: 1, max: 1, isChosen: false } as const;
  if (element !== undefined) {
    const resolved = resolveName(element, node);
    const found = resolved && types.element(resolved);
    if (resolved === undefined || found === undefined) {
      findings.problem(part, `There is no element "${element}", which the part "${name}" of a message needs.`);
      throw new BrokenError();
    }
    return { ...common, key: `${resolved.namespace} ${resolved.local}`, ...resolved, ...found };
  }
  if (type === undefined) {
    findings.problem(part, `The part "${name}" of a message has neither an element nor a type.`);
    throw new BrokenError();
  }
  return {
    ...common,
    key: name,
    local: name,
    namespace: '',
    type: types.named(type, node, file),
    isNillable: message.isEncoded,
  };
}
