import { Tokenizer } from "@huggingface/tokenizers";
import { readText } from "../../files/bytes.ts";
import { ModelError } from "../../errors/training-errors.ts";
import type { Tokeniser } from "./token-lists.ts";

export async function readTokeniser(file: string): Promise<Tokeniser> {
  const text = await readText(file);
  let tokenizer: Tokenizer;
  try {
    tokenizer = new Tokenizer(JSON.parse(text) as object, {});
  } catch (cause) {
    throw new ModelError(file, `is no tokenizer.json`, { cause });
  }
  const vocab = tokenizer.get_vocab(true);
  let most = 0;
  for (const id of vocab.values()) most = Math.max(most, id);
  return {
    vocabulary: most + 1,
    padding: tokenizer.token_to_id("[PAD]") ?? tokenizer.token_to_id("<pad>"),
    encode(each, longest = Infinity) {
      const { ids } = tokenizer.encode(each);
      if (ids.length <= longest) return ids;
      const plain = tokenizer.encode(each, { add_special_tokens: false }).ids;
      let front = 0;
      while (!plain.every((id, i) => ids[front + i] === id)) front++;
      const behind = ids.slice(front + plain.length);
      return [...ids.slice(0, front), ...plain.slice(0, longest - front - behind.length), ...behind];
    },
  };
}
