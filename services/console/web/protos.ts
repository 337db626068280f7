// Makes what the protos say shorter, as it is built: a file's descriptor is generated as bytes in base 64, which
// hardly any compression gets hold of. It becomes a text, line by line:
//
//     evidence aftercall.knowledge.v1 aftercall.model.v1      the file, its package, others that it speaks of
//     ListUsesRequest solution_id version:m *kinds#1Kind      a message with its fields, numbered from 1
//     >Told at:1Time|when                                     one within it (a map's entry with a % before its name)
//     #UseKind UNSPECIFIED TOLD=5                             an enum with its values, from 0, less what all begin with
//     @EvidenceService ListUses WatchUses~                    a service; `~` streams
//
// A field is a text unless `:` says what else it is: a scalar by its type's number as a letter, or a message; `#` an
// enum. Digits are a package's. `*` is a list, `?` is optional, `|` is which oneof it belongs to, `=` a number out of turn.
// src/lib/protos.ts reads it.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { fromBinary } from '@bufbuild/protobuf';
import { type DescriptorProto, type EnumDescriptorProto, FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

import type { Plugin } from 'vite';

// Files whose messages no page sends back, and of which the pages show a part.
const READ = ['history/v1/history', 'insight/v1/insight', 'insight/v1/measures', 'model/v1/call', 'model/v1/interaction'].map((name) => `aftercall/${name}.proto`);

// Further files of which pages show up to which time an answer is complete. The position of that no page shows.
const DATED = ['insight/v1/problems', 'knowledge/v1/search'].map((name) => `aftercall/${name}.proto`);

// Nothing, where it is none of proto3: pages have none of those. If `isSaid` is given, fields are left out: of a file that
// is only read those whose names it doesn't know, of others how far an answer is complete where that is not shown. What comes
// in them is passed over, as what a later server says is.
export function textOf(base64: string, isSaid?: (name: string) => boolean): string | undefined {
  const file = fromBinary(FileDescriptorProtoSchema, Buffer.from(base64, 'base64'));
  const isShown = (name: string) => name !== 'completeThrough' && (name !== 'completeThroughAt' || DATED.includes(file.name));
  if (isSaid) file.messageType.forEach((one) => forget(one, READ.includes(file.name) ? isSaid : isShown));
  if (file.syntax !== 'proto3' || file.extension.length > 0) return undefined;
  const packages = [file.package];
  // Types' names begin with capitals, packages' with small letters.
  const refer = (typeName: string) => {
    const [, pack = '', name = ''] = /^\.([a-z\d_.]+)\.([A-Z][\w.]*)$/.exec(typeName) ?? [];
    must(name !== '', `what is ${typeName}?`);
    const at = packages.includes(pack) ? packages.indexOf(pack) : packages.push(pack) - 1;
    return `${at || ''}${name}`;
  };
  const lines = [
    ...file.enumType.map((one) => enumLine(one, '')),
    ...file.messageType.flatMap((one) => messageLines(one, '', refer)),
    ...file.service.map(({ name, method }) => [`@${name}`, ...method.map((one) => {
      must(!one.clientStreaming && !one.options, `${one.name} is not as our methods are`);
      const [input, output] = [refer(one.inputType), refer(one.outputType)];
      const said = input === `${one.name}Request` && output === `${one.name}Response` ? '' : `:${input}:${output}`;
      return `${one.name}${one.serverStreaming ? '~' : ''}${said}`;
    })].join(' ')),
  ];
  // Where its folder says the same as its package, once is enough.
  const folder = `${file.package.replaceAll('.', '/')}/`;
  const path = file.name.startsWith(folder) ? file.name.slice(folder.length) : `/${file.name}`;
  return [[path.replace(/\.proto$/, ''), ...packages].join(' '), ...lines].join('\n');
}

function forget(message: DescriptorProto, isSaid: (name: string) => boolean): void {
  const localOf = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  // Of what may be only one at a time, none is left out: a page may look which it is.
  if (!message.options?.mapEntry) message.field = message.field.filter((one) => Object.hasOwn(one, 'oneofIndex') || isSaid(localOf(one.name)));
  message.nestedType.forEach((one) => forget(one, isSaid));
}

function messageLines(message: DescriptorProto, deep: string, refer: (typeName: string) => string): string[] {
  must(message.extension.length === 0, `${message.name} has extensions`);
  let last = 0;
  const fields = message.field.map((field) => {
    const isRef = field.type === FieldDescriptorProto_Type.MESSAGE || field.type === FieldDescriptorProto_Type.ENUM;
    must(isRef || field.typeName === '', `${field.name} is neither a message nor a scalar`);
    must(!field.options?.features && !Object.hasOwn(field.options ?? {}, 'packed') && field.defaultValue === '' && field.jsonName === '', `${field.name} is not as our fields are`);
    const how = field.label === FieldDescriptorProto_Label.REPEATED ? '*' : field.proto3Optional ? '?' : '';
    const what = isRef
      ? `${field.type === FieldDescriptorProto_Type.ENUM ? '#' : ':'}${refer(field.typeName)}`
      : field.type === FieldDescriptorProto_Type.STRING ? '' : `:${String.fromCharCode(96 + field.type)}`;
    const number = field.number === last + 1 ? '' : `=${field.number}`;
    last = field.number;
    const isOneof = Object.hasOwn(field, 'oneofIndex') && !field.proto3Optional;
    return `${how}${field.name}${what}${number}${isOneof ? `|${message.oneofDecl[field.oneofIndex]?.name}` : ''}`;
  });
  return [
    [`${deep}${message.options?.mapEntry ? '%' : ''}${message.name}`, ...fields].join(' '),
    ...message.enumType.map((one) => enumLine(one, `${deep}>`)),
    ...message.nestedType.flatMap((one) => messageLines(one, `${deep}>`, refer)),
  ];
}

function enumLine({ name, value }: EnumDescriptorProto, deep: string): string {
  const prefix = `${name.charAt(0)}${name.slice(1).replace(/[A-Z]/g, '_$&')}_`.toUpperCase();
  let last = -1;
  const values = value.map((one) => {
    must(one.number >= 0 && !one.options, `${one.name} is not as our values are`);
    const number = one.number === last + 1 ? '' : `=${one.number}`;
    last = one.number;
    return `${one.name.startsWith(prefix) ? one.name.slice(prefix.length) : `!${one.name}`}${number}`;
  });
  return [`${deep}#${name}`, ...values].join(' ');
}

function must(fine: boolean, otherwise: string): void {
  if (!fine) throw new Error(otherwise);
}

// What a library's module offers, none of which is used.
function unused(code: string): string {
  const names = [...code.matchAll(/^export function (\w+)/gm)].map(([, name]) => name);
  return names.map((name) => `export function ${name}() { throw new Error('${name} is not built in'); }\n`).join('');
}

// Every word of the pages' own sources, without what is generated.
function wordsOf(folder: string): Set<string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(ts|svelte)$/.test(name) && !name.startsWith('gen'));
  return new Set(files.flatMap((name) => readFileSync(`${folder}/${name}`, 'utf8').match(/\w+/g) ?? []));
}

export function protos(): Plugin {
  const words = wordsOf(fileURLToPath(new URL('src', import.meta.url)));
  let isBuilt = false;
  return {
    name: 'protos',
    configResolved(config) {
      isBuilt = config.command === 'build';
    },
    transform: {
      filter: { id: /_pb\.[jt]s$|@bufbuild\/protobuf\/dist\/esm\/(from|to)-json\.js$/ },
      handler(code, id) {
        // Messages are sent as bytes, though the library that sends them could speak JSON as well.
        if (id.endsWith('-json.js')) return { code: unused(code), map: null };
        const [before, base64 = ''] = /fileDesc\("([^"]*)"/.exec(code) ?? [];
        const text = textOf(base64, isBuilt ? (name) => words.has(name) : undefined);
        if (!before || text === undefined) return undefined;
        const short = code.replace(before, () => `fileOf(${JSON.stringify(text)}`);
        return { code: `${short}\nimport { fileOf } from '/src/lib/protos.ts';\n`, map: null };
      },
    },
  };
}
