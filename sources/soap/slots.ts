import type { FieldPlace, TypePlan } from './plan.ts';

/** One element, attribute or text of a type, before it has a GraphQL name. */
export interface Slot {
  /** Equal for what is the same element or attribute. */
  readonly key: string;
  readonly place: FieldPlace;
  readonly local: string;
  readonly namespace: string;
  readonly type: TypePlan;
  readonly isNillable: boolean;
  /** How often it occurs; 2 stands for more than once. */
  readonly min: number;
  readonly max: number;
  readonly isChosen: boolean;
  readonly round?: number;
  readonly preset?: string | undefined;
  readonly description?: string | undefined;
}

/** What a type, or a part of one, holds. */
export interface Content {
  readonly slots: readonly Slot[];
  /** Per choice its branches, each as keys of slots. */
  readonly choices: readonly (readonly (readonly string[])[])[];
}

export const NOTHING: Content = { slots: [], choices: [] };

export interface Occurs {
  readonly min: number;
  readonly max: number;
}

/** One after the other. The same element twice makes one list. */
export function inSequence(parts: readonly Content[]): Content {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  const slots = new Map<string, Slot>();
  for (const part of parts) {
    for (const slot of part.slots) {
      const first = slots.get(slot.key);
      const merged = first && { ...first, min: first.min + slot.min, max: Math.min(2, first.max + slot.max) };
      slots.set(slot.key, merged ?? slot);
    }
  }
  return { slots: [...slots.values()], choices: parts.flatMap((part) => part.choices) };
}

/** An element of a sequence that comes again after others. */
export function findScattered(parts: readonly Content[]): Slot | undefined {
  const before = new Set<string>();
  let last: string | undefined;
  for (const part of parts) {
    for (const slot of part.slots) {
      if (slot.key !== last && before.has(slot.key) && slot.place === 'element') return slot;
      before.add(slot.key);
      last = slot.key;
    }
  }
  return undefined;
}

/** One of them: none is certain, but for what is in all. */
export function asChoice(branches: readonly Content[]): Content {
  const slots = new Map<string, Slot>();
  const counts = new Map<string, number>();
  /** What stands before an element in a branch, where an earlier branch began with that. */
  const before = new Map<string, string[]>();
  const atEnd: string[] = [];
  for (const { slots: own } of branches) {
    let fresh: string[] = [];
    for (const slot of own) {
      const known = slots.get(slot.key);
      if (known === undefined) fresh.push(slot.key);
      else if (fresh.length > 0) {
        const others = before.get(slot.key);
        if (others === undefined) before.set(slot.key, fresh);
        else for (const key of fresh) others.push(key);
        fresh = [];
      }
      const first = known ?? slot;
      const [min, max] = [Math.min(first.min, slot.min), Math.max(first.max, slot.max)];
      slots.set(slot.key, { ...first, min, max });
      counts.set(slot.key, (counts.get(slot.key) ?? 0) + 1);
    }
    for (const key of fresh) atEnd.push(key);
  }
  const isShared = (key: string) => counts.get(key) === branches.length;
  const exclusive = branches.map((branch) =>
    branch.slots.map((slot) => slot.key).filter((key) => counts.get(key) === 1),
  );
  return {
    slots: inOrder(atEnd, before)
      .flatMap((key) => slots.get(key) ?? [])
      .map((slot) => (isShared(slot.key) ? slot : { ...slot, min: 0, isChosen: true })),
    choices: [...branches.flatMap((branch) => branch.choices), ...(branches.length > 1 ? [exclusive] : [])],
  };
}

/** Keys, each behind those that are to stand before it. */
function inOrder(keys: readonly string[], before: Map<string, readonly string[]>): readonly string[] {
  if (before.size === 0) return keys;
  const ordered: string[] = [];
  const waiting = keys.toReversed();
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const own = before.get(key);
    if (own === undefined) ordered.push(key);
    else {
      before.delete(key);
      waiting.push(key);
      for (const each of own.toReversed()) waiting.push(each);
    }
  }
  return ordered;
}

/** The whole of it as often as its group occurs. `round` is given for groups whose members come in turns. */
export function repeated(content: Content, { min, max }: Occurs, round: number | undefined): Content {
  if (max === 0) return NOTHING;
  if (min === 1 && max === 1) return content;
  const { slots } = content;
  if (max === 1) return { ...content, slots: slots.map((slot) => ({ ...slot, min: 0 })) };
  return {
    slots: slots.map((slot) => ({
      ...slot,
      min: slot.min * min,
      max: 2,
      isChosen: false,
      ...(round === undefined ? {} : { round }),
    })),
    // Each round chooses anew.
    choices: [],
  };
}
