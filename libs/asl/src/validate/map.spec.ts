import { type Fields, faultsOfState, stateOf } from '../spec/faults-of.ts';

const processor = (fields: Fields = {}): Fields => ({
  StartAt: 'I',
  States: { I: { Type: 'Pass', End: true } },
  ...fields,
});
const map = (fields: Fields = {}): Fields => ({ Type: 'Map', ItemProcessor: processor(), End: true, ...fields });
const jsonata = (fields: Fields): Fields => map({ QueryLanguage: 'JSONata', ...fields });

describe('a Map', () => {
  it('takes its whole input in line and without a limit, where nothing else is said', () => {
    expect(stateOf('Map', map())).toMatchObject({
      mode: 'INLINE',
      items: { kind: 'path', path: '$' },
      maxConcurrency: { kind: 'fixed', value: 0 },
      processor: { startAt: 'I' },
    });
  });

  it('may be written as it was before ItemProcessor and ItemSelector', () => {
    const legacy = { Type: 'Map', Iterator: processor(), Parameters: { 'v.$': '$$.Map.Item.Value' } };
    expect(stateOf('Map', legacy)).toMatchObject({
      processor: { startAt: 'I' },
      itemSelector: { 'v.$': '$$.Map.Item.Value' },
    });
  });

  it('in JSONata takes a literal, an expression or its input as items', () => {
    expect(stateOf('Map', jsonata({ Items: [1, '{% $states.input.a %}'] }))).toMatchObject({
      items: { kind: 'template', template: [1, '{% $states.input.a %}'] },
    });
    expect(stateOf('Map', jsonata({}))).toMatchObject({ items: { kind: 'template' } });
    expect(stateOf('Map', jsonata({ MaxConcurrency: '{% $n %}' }))).toMatchObject({
      maxConcurrency: { kind: 'jsonata', expression: '{% $n %}', field: 'MaxConcurrency' },
    });
  });

  it('may be distributed, with a reader, batches, tolerated failures and a writer', () => {
    const state = stateOf('Map', {
      ItemProcessor: processor({ ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' } }),
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        Parameters: { 'Bucket.$': '$.b' },
        ReaderConfig: { InputType: 'JSON', MaxItemsPath: '$.max' },
      },
      ItemBatcher: { MaxItemsPerBatch: 10, BatchInput: { fixed: 1 } },
      ToleratedFailurePercentage: 5.5,
      ResultWriter: { Resource: 'arn:aws:states:::s3:putObject', Parameters: { Bucket: 'b' } },
      Label: 'orders',
    });
    expect(state).toMatchObject({
      mode: 'DISTRIBUTED',
      itemReader: {
        resource: { kind: 'task', queue: 's3', handler: 'getObject' },
        maxItems: { kind: 'path', path: '$.max', field: 'MaxItemsPath' },
      },
      itemBatcher: { maxItems: { kind: 'fixed', value: 10 }, batchInput: { fixed: 1 } },
      toleratedFailurePercentage: { kind: 'fixed', value: 5.5 },
      label: 'orders',
    });
  });

  it.each<[string, Fields, string[]]>([
    ['has no processor', { Type: 'Map', End: true }, ['MISSING_FIELD ']],
    ['has two', map({ Iterator: processor() }), ['DUPLICATE_FIELD /Iterator']],
    ['selects twice', map({ ItemSelector: {}, Parameters: {} }), ['DUPLICATE_FIELD /Parameters']],
    ['reads many places', map({ ItemsPath: '$.a[*]' }), ['BAD_PATH /ItemsPath']],
    ['runs backwards', map({ MaxConcurrency: -1 }), ['OUT_OF_RANGE /MaxConcurrency']],
    ['says it twice', map({ MaxConcurrency: 1, MaxConcurrencyPath: '$.n' }), ['DUPLICATE_FIELD /MaxConcurrencyPath']],
    ['tolerates more than all', map({ ToleratedFailurePercentage: 101 }), ['OUT_OF_RANGE /ToleratedFailurePercentage']],
    ['has batches of no size', map({ ItemBatcher: { BatchInput: {} } }), ['MISSING_FIELD /ItemBatcher']],
    [
      'has empty batches',
      map({ ItemBatcher: { MaxItemsPerBatch: 0 } }),
      ['OUT_OF_RANGE /ItemBatcher/MaxItemsPerBatch', 'MISSING_FIELD /ItemBatcher'],
    ],
    ['has a reader of nothing', map({ ItemReader: {} }), ['MISSING_FIELD /ItemReader']],
    [
      'has an unknown mode',
      map({ ItemProcessor: processor({ ProcessorConfig: { Mode: 'FAST' } }) }),
      ['OUT_OF_RANGE /ItemProcessor/ProcessorConfig/Mode'],
    ],
    ['has a long label', map({ Label: 'l'.repeat(41) }), ['OUT_OF_RANGE /Label']],
    ['gives Items in JSONPath', map({ Items: [1] }), ['WRONG_QUERY_LANGUAGE /Items']],
    ['gives ItemsPath in JSONata', jsonata({ ItemsPath: '$.a' }), ['WRONG_QUERY_LANGUAGE /ItemsPath']],
    ['gives a number as Items', jsonata({ Items: 7 }), ['WRONG_TYPE /Items']],
    ['gives a text as Items', jsonata({ Items: 'seven' }), ['WRONG_TYPE /Items']],
  ])('that %s is refused', (_, state, faults) => {
    expect(faultsOfState(state)).toEqual(faults);
  });

  it.each([
    'arn:aws:states:::states:startExecution',
    'arn:aws:states:::states:startExecution.sync:2',
    'arn:aws:states:eu-west-1:111111111111:activity:read',
    'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
    'tl:task:files:read.waitForTaskToken',
    'tl:approval',
    'tl:signal:go',
  ])('has no items read by %s, which does not end with them', (Resource) => {
    const read = map({
      ItemProcessor: processor({ ProcessorConfig: { Mode: 'DISTRIBUTED' } }),
      ItemReader: { Resource },
    });
    expect(faultsOfState(read)).toEqual(['UNKNOWN_RESOURCE /ItemReader/Resource']);
  });
});
