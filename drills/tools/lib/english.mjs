// English names of divisions: a kind and a transliteration. The transliteration is Hanyu Pinyin without tones, written
// together as GB/T 16706 writes place names, by the npm package pinyin-pro; where it reads a character otherwise than a
// place name does, READ_AS has the reading.

import { pinyin } from "pinyin-pro";

/** Endings of names and what they are in English, longest first; the ending itself is not transliterated. */
const KINDS = [
  ["社区居民委员会", "community"],
  ["社区居委会", "community"],
  ["村村民委员会", "village"],
  ["村民委员会", "village"],
  ["居民委员会", "community"],
  ["村村委会", "village"],
  ["村委会", "village"],
  ["居委会", "community"],
  ["街道", "subdistrict"],
  ["社区", "community"],
  ["镇", "town"],
  ["乡", "township"],
  ["区", "District"],
  ["县", "County"],
  ["市", ""],
];

/** Whole names whose kind the ending does not tell. */
const WHOLE = {
  山西转型综合改革示范区: "Shanxi Transition and Comprehensive Reform Zone",
  太原中北高新技术产业开发区: "Taiyuan Zhongbei High-tech Development Zone",
  太原中北高新技术产业开发区虚拟社区: "Taiyuan Zhongbei High-tech Development Zone community",
  太原武宿综合保税区街道: "Taiyuan Wusu Bonded Zone subdistrict",
  太原武宿综合保税区虚拟社区: "Taiyuan Wusu Bonded Zone community",
  "太原钢铁（集团）有限公司社区": "Taiyuan Iron and Steel Group community",
};

/** Readings in place names: 堡 is a walled village (bǔ), 曲 a bend as in Yangqu, 峪 a valley. */
const READ_AS = { 堡: "bu", 曲: "qu", 峪: "yu" };

/** Syllables that would run into the one before: Xi'an, not Xian. */
const VOWEL = /^[aeo]/;

function transliterated(name) {
  const syllables = pinyin(name, { toneType: "none", type: "array", v: true });
  const joined = [...name].map((character, index) => READ_AS[character] ?? syllables[index]);
  const word = joined.reduce((whole, next) => whole + (whole !== "" && VOWEL.test(next) ? "'" : "") + next, "");
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** The English name of a division by its Chinese name. */
export function englishName(name) {
  if (WHOLE[name]) return WHOLE[name];
  const [ending, kind] = KINDS.find(([ending]) => name.endsWith(ending) && name.length > ending.length) ?? ["", ""];
  const bare = name.slice(0, name.length - ending.length);
  // 吴村 is Wucun and 葡香新村 Puxiangxincun: there the word for village belongs to the name.
  const own = kind === "village" && (bare.length === 1 || bare.endsWith("新")) ? `${bare}村` : bare;
  return `${transliterated(own)} ${kind}`.trim();
}
