import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';

import {
  type Candidate, CandidateSchema, CandidateState, Confidence, Governance, MaskedWordSchema, PersonalKind, SolutionSchema, VersionState,
} from '../../src/gen/aftercall/model/v1/solution_pb';
import { de } from '../../src/lib/knowledge/de';
import { en } from '../../src/lib/knowledge/en';
import { differing, formOf, linesOf, saidBy } from '../../src/lib/knowledge/form';
import { around, hiddenIn, pieces, replaced, standing } from '../../src/lib/knowledge/masked';
import { lacksFourEyes, verbsFor, verbsForCandidate } from '../../src/lib/knowledge/verbs';
import { timestamp } from '../../src/lib/time';

const NOW = Date.UTC(2026, 10, 30, 12);

function word(text: string, placeholder: string, after = 0) {
  const at = text.indexOf(placeholder, after);
  const bytes = (part: string) => new TextEncoder().encode(part).length;
  return create(MaskedWordSchema, { field: 'resolution', kind: PersonalKind.NAME, offset: bytes(text.slice(0, at)), length: bytes(placeholder) });
}

describe('personal words', () => {
  const text = 'Grüße an [name] – Rückruf unter [phone number] 🙂 danach';
  const words = [word(text, '[name]'), word(text, '[phone number]')];

  it('are found by their bytes, whatever stands before them', () => {
    const list = pieces(text, words);
    expect(list.map((piece) => piece.text).join('')).toBe(text);
    expect(list.filter((piece) => piece.word).map((piece) => piece.text)).toEqual(['[name]', '[phone number]']);
  });

  it('are put back one by one, those of one name by their place', () => {
    const twice = '[name] calls [name] back';
    expect(replaced(twice, '[name]', 1, 'Ann')).toBe('[name] calls Ann back');
    expect(replaced(twice, '[name]', 2, 'Ann')).toBe(twice);
    const hidden = hiddenIn([['resolution', 'solved', text]] as const, words);
    expect(hidden.map(({ key, placeholder }) => [key, placeholder])).toEqual([['solved', '[name]'], ['solved', '[phone number]']]);
  });

  it('are no more marked once somebody wrote over them', () => {
    expect(standing('resolution', text, words)).toHaveLength(2);
    expect(standing('resolution', text.replace('[name]', 'Ann'), words)).toHaveLength(0);
    expect(standing('workaround', text, words)).toEqual([]);
  });

  it('are told from each other by what is around them', () => {
    expect(around(text, words, 1, 8)).toEqual({ before: '…f unter ', after: ' 🙂 danac…' });
  });

  it('whose place does not fit the text are passed over', () => {
    const beyond = create(MaskedWordSchema, { offset: 900, length: 4 });
    expect(pieces('short', [beyond])).toEqual([{ text: 'short', at: -1 }]);
  });
});

describe('a form', () => {
  const base = create(SolutionSchema, {
    title: 'Router',
    questionInCustomerWords: ['Does not\nsync', 'No light'],
    environment: [{ key: 'product', value: 'router: 3' }],
    sources: [{ uri: 'https://x.example/a', title: 'Manual', checkedAt: timestamp(NOW), checkedBy: 'eva', contentHash: 'ab' }, { title: 'The red folder', checkedAt: timestamp(NOW), checkedBy: 'eva' }],
    verifyBy: { seconds: 1_800_000_001n, nanos: 5 },
  });

  it('that was not touched says what it began with, to the last digit', () => {
    const said = saidBy(formOf(base, 'Europe/Berlin'), base, 'Europe/Berlin', 'lea', NOW);
    const again = create(SolutionSchema, said);
    expect(again.questionInCustomerWords).toEqual(base.questionInCustomerWords);
    expect(again.sources).toEqual(base.sources);
    expect(again.environment).toEqual(base.environment);
    expect(again.verifyBy).toEqual(base.verifyBy);
  });

  it('says what was changed, and who looked at a source that is new', () => {
    const form = formOf(base, 'UTC');
    form.questions = 'One\n\n Two ';
    form.environment = 'product: router 4\nsaid by phone';
    form.sources += '\nhttps://x.example/b Price list';
    form.verifyBy = '';
    const said = create(SolutionSchema, saidBy(form, base, 'UTC', 'lea', NOW));
    expect(said.questionInCustomerWords).toEqual(['One', 'Two']);
    expect(said.environment.map(({ key, value }) => [key, value])).toEqual([['product', 'router 4'], ['said by phone', '']]);
    expect(said.sources.map(({ uri, title, checkedBy }) => [uri, title, checkedBy])).toEqual([
      ['https://x.example/a', 'Manual', 'eva'], ['', 'The red folder', 'eva'], ['https://x.example/b', 'Price list', 'lea'],
    ]);
    expect(said.verifyBy).toBeUndefined();
    expect(differing(form, formOf(base, 'UTC'))).toEqual(['questions', 'environment', 'sources', 'verifyBy']);
  });

  it('takes lines for elements', () => {
    expect(linesOf(' a \n\n b')).toEqual(['a', 'b']);
  });
});

describe('what is offered', () => {
  const version = (state: VersionState, more = {}) => create(SolutionSchema, { state, confidence: Confidence.VALIDATED, ...more });

  it('follows how far a version has come', () => {
    expect(verbsFor(version(VersionState.DRAFT))).toEqual(['submit', 'approve', 'discard']);
    expect(verbsFor(version(VersionState.SUPERSEDED))).toEqual(['rollBack', 'recall']);
    expect(verbsFor(version(VersionState.PUBLISHED, { draftVersion: 2 }))).not.toContain('draftNext');
    // One that was given up before it was live has nothing to come back to.
    expect(verbsFor(version(VersionState.RETIRED))).toEqual([]);
    // Of what was recalled more can be said.
    expect(verbsFor(version(VersionState.RECALLED))).toEqual(['recall']);
  });

  it('asks for four eyes where law or contract govern', () => {
    const governed = { governance: Governance.COMPLIANCE_BASED, editors: ['lea'], submittedBy: 'max' };
    for (const [actor, lacks] of [['lea', true], ['max', true], ['eva', false]] as const) {
      expect(lacksFourEyes('approve', version(VersionState.IN_REVIEW, governed), actor)).toBe(lacks);
    }
    expect(lacksFourEyes('approve', version(VersionState.IN_REVIEW, { editors: ['lea'] }), 'lea')).toBe(false);
  });

  it('is nothing for a candidate that was decided on, but to offer a rejected one again', () => {
    const candidate = (state: CandidateState): Candidate => create(CandidateSchema, { state });
    expect(verbsForCandidate(candidate(CandidateState.MERGED))).toEqual(['release']);
    expect(verbsForCandidate(candidate(CandidateState.REJECTED))).toEqual(['release']);
    expect(verbsForCandidate(candidate(CandidateState.CLAIMED))).toEqual(['claim', 'putOff', 'reject', 'release']);
  });
});

it('both languages say the same things', () => {
  const names = (catalogue: object, path = ''): string[] =>
    Object.entries(catalogue).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null ? names(value, `${path}${name}.`) : [`${path}${name}`],
    );
  expect(names(de).sort()).toEqual(names(en).sort());
});
