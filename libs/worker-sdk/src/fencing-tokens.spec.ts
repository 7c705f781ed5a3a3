import { FENCING_TOKENS_HEADER, FencingGate, fencingHeaders, fencingTokenFor } from './fencing-tokens.ts';

it('tokens come out of the header as they went in, whatever the assets are called', () => {
  const tokens = { 'pump-1': 42, 'Tank 7, Süd=%': 3 };
  const { [FENCING_TOKENS_HEADER]: header } = fencingHeaders(tokens);
  expect(header).toMatch(/^[\x20-\x7e]+$/);
  for (const [asset, token] of Object.entries(tokens)) expect(fencingTokenFor(header, asset)).toBe(token);
  expect(fencingTokenFor(header, 'Tank 7')).toBeUndefined();
});

it('a step without a mutex sends no header, and a header that is none gives no token', () => {
  expect(fencingHeaders({})).toEqual({});
  for (const header of [undefined, '', 'pump-1', 'pump-1=-1', 'pump-1=0', 'pump-1=1e3']) {
    expect(fencingTokenFor(header, 'pump-1')).toBeUndefined();
  }
});

it('an asset admits who comes with the highest token so far, again and again, and nobody with a lower one', () => {
  const gate = new FencingGate();
  expect([gate.admits('a', 5), gate.admits('a', 5), gate.admits('a', 9), gate.admits('a', 5)]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(gate.admits('b', 1)).toBe(true);
});
