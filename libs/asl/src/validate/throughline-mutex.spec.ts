import type { Json, JsonObject } from '@throughline/contracts';
import { faultsOf } from '../spec/faults-of.ts';

const withMutex = (extension: JsonObject, extra: JsonObject = {}): Json => ({
  StartAt: 'Work',
  States: { Work: { Type: 'Task', Resource: 'tl:task:q:h', Throughline: extension, End: true } },
  ...extra,
});
const AT = '/States/Work/Throughline';

describe('a mutex in a definition', () => {
  it.each<[string, JsonObject, JsonObject?]>([
    ['a name', { Mutex: 'pump-1' }],
    ['a list', { Mutex: ['pump-1', { Asset: 'b' }, { 'Asset.$': '$.c' }] }],
    ['a path', { 'Mutex.$': '$.assets[*].id' }],
    ['an intrinsic function', { 'Mutex.$': "States.Format('pump-{}', $.n)" }],
    ['an object', { Mutex: { 'Assets.$': '$.all', WaitSeconds: 60 } }],
    ['an expression', { Mutex: '{% $states.input.asset %}' }, { QueryLanguage: 'JSONata' }],
    ['names and expressions', { Mutex: { Assets: ['a', '{% $x %}'] } }, { QueryLanguage: 'JSONata' }],
  ])('may be %s', (_what, extension, extra = {}) => {
    expect(faultsOf(withMutex(extension, extra))).toEqual([]);
  });

  it.each<[string, JsonObject, string, string, JsonObject?]>([
    ['an empty name', { Mutex: '' }, `${AT}/Mutex`, 'BAD_MUTEX'],
    ['a name that is too long', { Mutex: 'x'.repeat(257) }, `${AT}/Mutex`, 'BAD_MUTEX'],
    ['an empty list', { Mutex: [] }, `${AT}/Mutex`, 'BAD_MUTEX'],
    ['an empty name in a list', { Mutex: ['a', ''] }, `${AT}/Mutex/1`, 'BAD_MUTEX'],
    ['too many names', { Mutex: Array.from({ length: 17 }, (_, i) => `a${i}`) }, `${AT}/Mutex`, 'BAD_MUTEX'],
    ['an entry that names nothing', { Mutex: [{}] }, `${AT}/Mutex/0`, 'BAD_MUTEX'],
    ['a number', { Mutex: 7 }, `${AT}/Mutex`, 'WRONG_TYPE'],
    ['a path that does not parse', { 'Mutex.$': '$.[' }, `${AT}/Mutex.$`, 'BAD_PATH'],
    ['a name and a path', { Mutex: 'a', 'Mutex.$': '$.a' }, `${AT}/Mutex.$`, 'DUPLICATE_FIELD'],
    ['an object without assets', { Mutex: { WaitSeconds: 5 } }, `${AT}/Mutex`, 'MISSING_FIELD'],
    ['a wait of no time', { Mutex: { Assets: 'a', WaitSeconds: 0 } }, `${AT}/Mutex/WaitSeconds`, 'OUT_OF_RANGE'],
    ['an unknown field', { Mutex: { Assets: 'a', Forever: true } }, `${AT}/Mutex/Forever`, 'UNKNOWN_FIELD'],
    ['a bad expression', { Mutex: '{% ( %}' }, `${AT}/Mutex`, 'BAD_JSONATA', { QueryLanguage: 'JSONata' }],
  ])('may not be %s', (_what, extension, pointer, code, extra = {}) => {
    expect(faultsOf(withMutex(extension, extra))).toContain(`${code} ${pointer}`);
  });
});
