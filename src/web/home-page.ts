const texts = {
  en: {
    title: "Sekisho is running",
    lead: "Mail that passes the milter is authenticated. The pages for reports and problems are not part of this version.",
    metrics: "metrics for Prometheus",
    health: "health of the parts, for monitoring",
    explain: "Why a message got its verdict:",
  },
  ja: {
    title: "Sekisho は稼働中です",
    lead: "milter を通るメールの送信ドメイン認証を行っています。レポートと問題点の画面は、このバージョンにはまだありません。",
    metrics: "Prometheus 用のメトリクス",
    health: "各部の稼働状態 (監視用)",
    explain: "メールの判定理由を調べるには:",
  },
} as const;

/** The page at `/`, in Japanese when the browser prefers it to English. */
export function homePage(acceptLanguage: string | undefined): string {
  const lang = prefersJapanese(acceptLanguage) ? "ja" : "en";
  const text = texts[lang];
  return `<!doctype html>
<html lang="${lang}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text.title}</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif; }
body { max-width: 40rem; margin: 10vh auto; padding: 0 1rem; }
code { font-size: 0.95em; }
</style>
<h1>${text.title}</h1>
<p>${text.lead}</p>
<ul>
<li><a href="/metrics">/metrics</a> ${text.metrics}</li>
<li><a href="/healthz">/healthz</a> ${text.health}</li>
</ul>
<p>${text.explain} <code>sekisho explain QUEUE-ID</code></p>
</html>
`;
}

function prefersJapanese(acceptLanguage: string | undefined): boolean {
  for (const part of (acceptLanguage ?? "").slice(0, 200).toLowerCase().split(",")) {
    const language = part.trim();
    if (language.startsWith("ja")) return true;
    if (language.startsWith("en")) return false;
  }
  return false;
}
