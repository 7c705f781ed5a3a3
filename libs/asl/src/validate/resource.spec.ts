import { faultsOfState, stateOf } from '../spec/faults-of.ts';

const resourceOf = (text: string) => stateOf('Task', { Resource: text }).resource;

describe('a resource', () => {
  it.each([
    ['tl:task:depot:pack', { kind: 'task', queue: 'depot', handler: 'pack', awaits: 'result' }],
    ['tl:task:depot:sign.waitForTaskToken', { kind: 'task', queue: 'depot', handler: 'sign', awaits: 'callback' }],
    [
      'arn:aws:states:::http:invoke',
      { kind: 'task', queue: 'http', handler: 'http', resourceType: 'http', resource: 'invoke' },
    ],
    [
      'arn:aws:states:::lambda:invoke',
      { kind: 'task', queue: 'lambda', handler: 'invoke', resourceType: 'lambda', resource: 'invoke' },
    ],
    [
      'arn:aws:states:::glue:startJobRun.sync',
      { kind: 'task', queue: 'glue', handler: 'startJobRun', resource: 'startJobRun.sync', awaits: 'job' },
    ],
    [
      'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      {
        kind: 'task',
        queue: 'sqs',
        handler: 'sendMessage',
        resource: 'sendMessage.waitForTaskToken',
        awaits: 'callback',
      },
    ],
    [
      'arn:aws-cn:states:::aws-sdk:s3:listBuckets',
      {
        kind: 'task',
        queue: 'aws-sdk-s3',
        handler: 'listBuckets',
        resourceType: 'aws-sdk:s3',
        resource: 'listBuckets',
      },
    ],
    [
      'arn:aws:lambda:eu-west-1:111111111111:function:pay:live',
      { kind: 'task', queue: 'lambda', handler: 'pay', resourceType: 'lambda' },
    ],
    ['arn:aws:states:::states:startExecution', { kind: 'child', awaits: 'start', resourceType: 'states' }],
    ['arn:aws:states:::states:startExecution.sync', { kind: 'child', awaits: 'end' }],
    [
      'arn:aws:states:::states:startExecution.sync:2',
      { kind: 'child', awaits: 'end-as-json', resource: 'startExecution.sync:2' },
    ],
    ['arn:aws:states:::states:startExecution.waitForTaskToken', { kind: 'child', awaits: 'callback' }],
    ['arn:aws:states:eu-west-1:111111111111:activity:sign', { kind: 'activity', queue: 'activity-sign' }],
  ])('%s is what it says', (text, expected) => {
    expect(resourceOf(text)).toMatchObject({ text, ...expected });
  });

  it('of a name that is no subject token gets a queue that is one', () => {
    const long = resourceOf(`arn:aws:states:eu-west-1:111111111111:activity:${'ä'.repeat(60)}`);
    expect(long.kind === 'activity' && long.queue).toMatch(/^activity-[0-9a-f]{32}$/);
  });

  it.each([
    'do it',
    'tl:task:a.b:h',
    'tl:task:q',
    'arn:aws:states:::sqs',
    'arn:aws:s3:::bucket',
    'tl:task:q:.waitForTaskToken',
  ])('%s is refused', (text) => {
    expect(faultsOfState({ Type: 'Task', Resource: text, End: true })).toEqual(['UNKNOWN_RESOURCE /Resource']);
  });
});
