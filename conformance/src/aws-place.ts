import type { AwsPlace } from '@throughline/history';

/** Where the recorded executions are said to have run. */
export const AWS_PLACE: AwsPlace = {
  region: 'us-east-1',
  roleArn: 'arn:aws:iam::111111111111:role/throughline-conformance',
};
