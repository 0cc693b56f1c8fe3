/** Options of `sekisho report sources`, `label` and `names`. */
export const sourceOptions = {
  own: {
    type: "boolean",
    help: {
      en: "sources: only our own addresses, by From, DKIM, SPF and owner",
      ja: "sources で使う。自組織の送信元だけを From、DKIM、SPF、管理者とともに表示する",
    },
  },
  failing: {
    type: "boolean",
    help: {
      en: "sources: only those with mail that does not pass DMARC",
      ja: "sources で使う。DMARC が pass でないメールのある送信元だけ",
    },
  },
  owner: {
    type: "string",
    value: "TEXT",
    help: { en: "label: whose it is", ja: "label で使う。管理者の名前" },
  },
  contact: {
    type: "string",
    value: "TEXT",
    help: { en: "label: how to reach them", ja: "label で使う。管理者の連絡先" },
  },
  remove: { type: "boolean", help: { en: "label: take it away", ja: "label で使う。登録を取り消す" } },
  again: {
    type: "boolean",
    help: {
      en: "names: also those that are known already",
      ja: "names で使う。調査済みの送信元も調べ直す",
    },
  },
} as const;
