/** What the stand-in says. It understands nothing: these are a few rules over the text of the last user message. */

/** An instruction and the text it is about: parted by a blank line, or else by a colon in the first line. */
export function splitPrompt(prompt: string): { readonly instruction: string; readonly text: string } {
  const parts = /^([^\n]*)\n\s*\n([\s\S]*)$/.exec(prompt.trim()) ?? /^([^\n:]*):\s+([\s\S]*)$/.exec(prompt.trim());
  return { instruction: parts?.[1]?.trim() ?? prompt.trim(), text: parts?.[2]?.trim() ?? '' };
}

export function answerTo(prompt: string): string {
  const { instruction, text } = splitPrompt(prompt);
  if (/^summarize\b/i.test(instruction)) return summarize(instruction, text);
  if (/^translate\b/i.test(instruction)) return translate(instruction, text);
  return `This is the stand-in, not a model: it answers by simple rules. You asked: “${shortened(prompt.trim())}”`;
}

export function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?])\s+/).filter(Boolean);
}

function summarize(instruction: string, text: string): string {
  const product = /\bwhat customers think of (.+?)[.:]?$/i.exec(instruction)?.[1];
  const reviews = [...text.matchAll(/^[-*] ([1-5])\/5: (.+)$/gm)];
  if (reviews.length > 0) {
    const average = reviews.reduce((sum, [, rating]) => sum + Number(rating), 0) / reviews.length;
    const count = reviews.length === 1 ? 'one review' : `${reviews.length} reviews`;
    const quote = sentencesOf(reviews[0]?.[2] ?? '')[0] ?? '';
    return `Customers give ${product ?? 'it'} ${average.toFixed(1)} of 5 on average, in ${count}. The newest says: “${quote}”`;
  }
  if (product && text === '') return `Nobody has reviewed ${product} yet.`;
  const sentences = sentencesOf(text || instruction.replace(/^summarize\s*/i, ''));
  return sentences.slice(0, sentences.length > 2 ? 2 : 1).join(' ');
}

function translate(instruction: string, text: string): string {
  const parts = /^translate\b\s*(.*)\b(?:into|to) ([^.:]+)[.:]?$/i.exec(instruction);
  const language = parts?.[2]?.trim() ?? 'another language';
  return `[${language}] ${text || parts?.[1]?.trim() || ''} (stand-in: not really translated)`;
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
