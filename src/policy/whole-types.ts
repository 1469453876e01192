import { isInterfaceType, isObjectType, isUnionType } from 'graphql';
import type { Steps } from '../../kernel/steps.ts';
import { createPace } from './schema-shape.ts';
import { append, type Composite, isComposite, type VisibleFields } from './visible-fields.ts';

/**
 * Types that are in a view as they are in the schema: all of each is visible, and all of what it leads to. Of `changed`
 * none is, whatever is visible of it.
 */
export function* wholeTypeSteps(
  { types, fieldsOf }: VisibleFields,
  changed: ReadonlySet<Composite>,
): Steps<ReadonlySet<Composite>> {
  const isDue = createPace();
  const whole = new Set<Composite>();
  const leading = new Map<Composite, Composite[]>();
  const waiting: Composite[] = [];
  for (const type of types) {
    const parts: readonly Composite[] = isUnionType(type) ? type.getTypes() : type.getInterfaces();
    for (const part of parts) append(leading, part, type);
    let isWhole = !changed.has(type) && parts.every((part) => types.has(part));
    if (isDue(1 + parts.length)) yield;
    if (isObjectType(type) || isInterfaceType(type)) {
      const fields = fieldsOf(type);
      for (const { gives } of fields.values()) {
        if (isComposite(gives)) append(leading, gives, type);
        if (isDue()) yield;
      }
      isWhole &&= fields.size === Object.keys(type.getFields()).length;
    }
    if (isWhole) whole.add(type);
    else waiting.push(type);
  }
  for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
    for (const other of leading.get(type) ?? []) {
      if (whole.delete(other)) waiting.push(other);
      if (isDue()) yield;
    }
  }
  return whole;
}
