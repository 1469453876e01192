import type { MessageNotice } from './proto-schema.ts';
import { fieldName } from './type-names.ts';

interface NamedField {
  readonly documentName: string;
  /** `json_name`, where the document sets one of its own. */
  readonly jsonName?: string | undefined;
}

/**
 * Names of a message's fields in the graph: the `json_name` that the document gives, else the name in camel case, else
 * the name as it stands. Tells of those that could not be told apart.
 */
export function nameFields<T extends NamedField>(
  fields: readonly T[],
  fullName: string,
  file: string | undefined,
  notices: MessageNotice[],
): Map<T, string> {
  const names = new Map<T, string>();
  const taken = new Set<string>();
  for (const field of fields) {
    const { documentName, jsonName } = field;
    const camel = fieldName(documentName);
    const wishes = [jsonName !== undefined && isFieldName(jsonName) ? jsonName : camel, camel, documentName];
    let name = wishes.find((wish) => isFieldName(wish) && !taken.has(wish));
    if (name === undefined) {
      let count = 2;
      while (taken.has(`${camel}_${count}`)) count += 1;
      name = `${camel}_${count}`;
    }
    if (name !== wishes[0]) {
      const message = `The field ${documentName} of ${fullName} is called ${name}: another one has the name ${wishes[0]}.`;
      notices.push({ fullName, notice: { message, ...(file === undefined ? {} : { file }) } });
    }
    taken.add(name);
    names.set(field, name);
  }
  return names;
}

function isFieldName(name: string): boolean {
  return /^(?!__)[A-Za-z_]\w*$/.test(name);
}
