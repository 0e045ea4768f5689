/** What is used of the AWS SDK, by name: a bundler that takes the SDK in leaves the rest of it out. The only file that imports it. */
export {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
export { NodeHttpHandler } from '@smithy/node-http-handler';
