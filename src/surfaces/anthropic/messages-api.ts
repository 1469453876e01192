import type { ChatFormat } from '../format.ts';
import { anthropic, anthropicError } from './failures.ts';
import { messagesAnswer } from './messages-answer.ts';
import { readMessagesRequest } from './messages-request.ts';
import { createMessagesStream } from './messages-stream.ts';

export const messagesApi: ChatFormat = {
  read: readMessagesRequest,
  answer: (response, _, info) => messagesAnswer(response, info),
  stream: (_, info) => createMessagesStream(info),
  failedStream: (failure, requestId) => `event: error\ndata: ${JSON.stringify(anthropicError(failure, requestId))}\n\n`,
  headers: ['anthropic-version', 'anthropic-beta'],
  names: {
    maxTokens: 'max_tokens',
    topP: 'top_p',
    stop: 'stop_sequences',
    reasoning: 'thinking',
    'reasoning.effort': 'output_config.effort',
    'reasoning.budgetTokens': 'thinking.budget_tokens',
    toolChoice: 'tool_choice',
    parallelToolCalls: 'tool_choice.disable_parallel_tool_use',
    output: 'output_config.format',
  },
  family: anthropic,
};
