import { expect, test } from 'vitest';
import { answerTo } from './answers.ts';

test('a summary is the first sentence or two', () => {
  expect(answerTo('Summarize: A lamp of 2.1 kg. It glows.')).toBe('A lamp of 2.1 kg.');
  const prompt = 'Summarize the following text in one or two sentences.\n\nOne. Two!\nThree? Four.';
  expect(answerTo(prompt)).toBe('One. Two!');
});

test('a summary of reviews tells their average and quotes the newest', () => {
  const prompt =
    'Summarize in two sentences what customers think of Drill 18 V.\n\n- 5/5: Great. Buy it.\n- 2/5: Broke.\n';
  expect(answerTo(prompt)).toBe(
    'Customers give Drill 18 V 3.5 of 5 on average, in 2 reviews. The newest says: “Great.”',
  );
});

test('a product without reviews is said to have none', () => {
  const prompt = 'Summarize in two sentences what customers think of Claw Hammer.\n\n';
  expect(answerTo(prompt)).toBe('Nobody has reviewed Claw Hammer yet.');
});

test('a translation is marked as none', () => {
  const marked = '[German] Good morning. (stand-in: not really translated)';
  expect(answerTo('Translate the following text to German.\n\nGood morning.')).toBe(marked);
  expect(answerTo('Translate to German: Good morning.')).toBe(marked);
  expect(answerTo('Translate what to do into Dutch')).toBe('[Dutch] what to do (stand-in: not really translated)');
});

test('any other question is told what answers it', () => {
  expect(answerTo('Who are you?')).toBe(
    'This is the stand-in, not a model: it answers by simple rules. You asked: “Who are you?”',
  );
});
