import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseProto } from './parse-proto.ts';
import { readProtoText } from './proto-text.ts';

const SERVICE = 'message M { string a = 1; } service S { rpc Get(M) returns (M); }';

async function loadProto(document: string, includeDirs: readonly string[]) {
  return parseProto(await readProtoText(document, includeDirs));
}

describe('loading .proto files', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skein-proto-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function write(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `syntax = "proto3";\n${text}`);
    return path;
  }

  it('tells file and line of a syntax error, also in an import', async () => {
    const document = await write('protos/a.proto', `import "b.proto";\n${SERVICE}`);
    const imported = await write('protos/b.proto', 'message Broken {\n  string = 1;\n}');
    await expect(loadProto(document, [])).rejects.toMatchObject({
      problems: [{ file: imported, line: 3, message: "illegal name '='" }],
    });
  });

  it('tells where a missing import is imported', async () => {
    const document = await write('protos/a.proto', `import "b.proto";\n${SERVICE}`);
    await expect(loadProto(document, [])).rejects.toMatchObject({
      problems: [{ file: document, line: 2, message: expect.stringContaining('"b.proto"') }],
    });
  });

  it('tells the file of a type that does not exist', async () => {
    const document = await write(
      'protos/a.proto',
      `package p; message M { Missing a = 1; } ${SERVICE.replace('M {', 'N {')}`,
    );
    await expect(loadProto(document, [])).rejects.toMatchObject({
      problems: [{ file: document, message: expect.stringContaining('Missing') }],
    });
  });

  it.each(['../outside.proto', '../../../../../../../../etc/passwd', 'link.proto'])(
    'does not read %s, which is outside',
    async (name) => {
      const outside = await write('outside.proto', 'message Secret {}');
      const document = await write('protos/a.proto', `import "${name}";\n${SERVICE}`);
      await symlink(outside, join(folder, 'protos/link.proto'));
      await expect(loadProto(document, [])).rejects.toMatchObject({
        problems: [{ message: expect.stringContaining('is not found in the folder') }],
      });
    },
  );

  it('finds imports in includeDirs, beside the importing file and in a circle', async () => {
    const document = await write('protos/a.proto', `import "sub/b.proto"; import "d.proto";\n${SERVICE}`);
    await write('protos/sub/b.proto', 'import "c.proto"; message B { C c = 1; }');
    await write('protos/sub/c.proto', 'import "sub/b.proto"; message C { B b = 1; }');
    await write('shared/d.proto', 'import "google/protobuf/any.proto"; message D { google.protobuf.Any any = 1; }');
    const { services, messages } = await loadProto(document, [join(folder, 'shared')]);
    expect(services).toMatchObject([{ fullName: 'S', own: true }]);
    expect(messages.get('D')?.fields).toMatchObject([{ name: 'any', type: 'google.protobuf.Any' }]);
  });
});
