import type { ChatFormat } from '../format.ts';
import { chatAnswer } from './chat-answer.ts';
import { readChatRequest } from './chat-request.ts';
import { createChatStream } from './chat-stream.ts';
import { openai, openaiError } from './failures.ts';

export const chatCompletions: ChatFormat = {
  read: readChatRequest,
  answer: (response, _, info) => chatAnswer(response, info),
  stream: createChatStream,
  failedStream: (failure) => `data: ${JSON.stringify({ error: openaiError(failure) })}\n\n`,
  headers: [],
  names: {
    maxTokens: 'max_completion_tokens',
    topP: 'top_p',
    reasoning: 'reasoning_effort',
    'reasoning.effort': 'reasoning_effort',
    toolChoice: 'tool_choice',
    parallelToolCalls: 'parallel_tool_calls',
    output: 'response_format',
  },
  family: openai,
};
