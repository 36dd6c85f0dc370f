// One constructed stylesheet: strict policies of hosts forbid <style> and style="…", not this.
// A host sets --companyos-accent on companyos-help to wear its own colour.

const CSS = `
:host { all: initial; --accent: var(--companyos-accent, #3448c5); --on-accent: #fff; --ink: #161b26; --soft: #586174; --line: #dde1ea; --ground: #fff; --raised: #f5f6fa; --mine: #e9ecfb; --good: #0b6b46; --good-ground: #e6f6ee; --warn: #7a4a04; --warn-ground: #fdf2dc; --bad: #a8241a; --bad-ground: #fdecea; --shadow: 0 18px 60px rgb(16 22 40 / .28); color-scheme: light dark; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--ink); }
@media (prefers-color-scheme: dark) { :host { --accent: var(--companyos-accent-dark, #98a6ff); --on-accent: #10142c; --ink: #e8ebf3; --soft: #a2abbd; --line: #323a4c; --ground: #171c28; --raised: #1f2635; --mine: #283258; --good: #77dcab; --good-ground: #14332a; --warn: #f2c879; --warn-ground: #372b14; --bad: #ff9f96; --bad-ground: #3b1c1d; --shadow: 0 18px 60px rgb(0 0 0 / .6); } }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
svg { width: 20px; height: 20px; flex: none; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
h2, h3, p, ul, ol, dl, dd { margin: 0; padding: 0; }
ul, ol { list-style: none; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
h2:focus-visible { outline: none; }

button, input, select, textarea { font: inherit; color: inherit; }
button { display: inline-flex; gap: 8px; align-items: center; justify-content: center; min-height: 44px; padding: 8px 16px; border: 1px solid var(--line); border-radius: 10px; background: var(--ground); cursor: pointer; }
button:hover { border-color: var(--accent); }
button:disabled { cursor: default; opacity: .6; }
.primary { border-color: var(--accent); background: var(--accent); color: var(--on-accent); font-weight: 600; }
.primary:hover { filter: brightness(1.08); }
.portal { width: 100%; margin-top: 20px; justify-content: flex-start; text-align: start; }
.portal > span { display: grid; flex: 1; min-width: 0; }
.portal .soft { font-size: 13px; }
.portal svg:last-child { color: var(--soft); }
.quiet { border-style: dashed; background: none; color: var(--soft); }
.wide { width: 100%; }
.icon { min-width: 44px; padding: 0; border: 0; background: none; color: var(--soft); }
.icon:hover { background: var(--raised); color: var(--ink); }

.launcher { position: fixed; right: max(20px, env(safe-area-inset-right)); bottom: max(20px, env(safe-area-inset-bottom)); z-index: 2147483000; min-height: 48px; padding: 0 20px 0 14px; border: 0; border-radius: 24px; background: var(--accent); color: var(--on-accent); font-weight: 600; box-shadow: 0 6px 22px rgb(16 22 40 / .3); }
.panel { position: fixed; inset: auto 20px 20px auto; width: 420px; max-width: calc(100vw - 40px); height: min(720px, calc(100dvh - 40px)); max-height: none; margin: 0; padding: 0; overflow: hidden; flex-direction: column; border: 1px solid var(--line); border-radius: 18px; background: var(--ground); color: var(--ink); box-shadow: var(--shadow); }
.panel[open] { display: flex; }
.panel::backdrop { background: rgb(16 22 40 / .18); }
@media (prefers-reduced-motion: no-preference) { .panel[open] { animation: rise .18s ease-out; } @keyframes rise { from { opacity: 0; transform: translateY(14px); } } }
@media (max-width: 520px) { .panel { inset: 0; width: 100vw; max-width: none; height: 100dvh; border: 0; border-radius: 0; } }
header { display: flex; gap: 4px; align-items: center; padding: 8px; border-bottom: 1px solid var(--line); }
h2 { flex: 1; padding: 0 8px; font-size: 17px; font-weight: 650; }
h3 { font-size: 15px; font-weight: 650; }
.body { flex: 1; padding: 20px; overflow: auto; overscroll-behavior: contain; overflow-wrap: anywhere; }
.body h3 { margin-bottom: 4px; }
.soft { color: var(--soft); font-size: 13.5px; }
.greeting { margin-bottom: 16px; font-size: 20px; font-weight: 600; line-height: 1.3; }
.wide + h3 { margin: 24px 0 8px; }

.case { display: grid; grid-template-columns: 1fr auto; gap: 0 12px; width: 100%; padding: 12px; border: 0; border-bottom: 1px solid var(--line); border-radius: 0; text-align: left; justify-content: stretch; }
.case:hover { background: var(--raised); }
.case .subject { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; }
.case .soft { grid-row: 2; }
.case .pill { grid-row: 1 / 3; grid-column: 2; align-self: center; }
.pill { display: inline-block; padding: 2px 10px; border-radius: 12px; background: var(--raised); color: var(--soft); font-size: 13px; font-weight: 600; white-space: nowrap; }
.pill.waiting { background: var(--warn-ground); color: var(--warn); }
.pill.resolved { background: var(--good-ground); color: var(--good); }
.pill.in_progress, .pill.triage { background: var(--mine); color: var(--accent); }

.field { margin: 0 0 16px; }
label, legend { display: block; margin-bottom: 4px; padding: 0; font-weight: 600; }
label .soft { font-weight: 400; }
fieldset { min-width: 0; margin: 0; padding: 0; border: 0; }
input[type="text"], select, textarea { width: 100%; min-height: 44px; padding: 9px 12px; border: 1px solid var(--line); border-radius: 10px; background: var(--ground); }
textarea { resize: vertical; }
[aria-invalid="true"] { border-color: var(--bad); }
.error { margin-top: 4px; color: var(--bad); font-size: 14px; }
.files li { display: flex; align-items: center; justify-content: space-between; margin-bottom: 6px; padding-left: 12px; border-radius: 10px; background: var(--raised); }
.enclosed { margin-bottom: 12px; padding: 12px; border-radius: 12px; background: var(--raised); font-size: 14px; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 4px 12px; }
dt { color: var(--soft); }
.chip { display: inline-flex; align-items: center; max-width: 100%; margin: 0 4px 4px 0; padding-left: 10px; border: 1px solid var(--line); border-radius: 14px; background: var(--ground); }
.chip .icon { min-width: 32px; min-height: 28px; }
.chip svg { width: 14px; height: 14px; }
form > fieldset > .soft { margin-bottom: 12px; }
.status:not(:empty) { margin-top: 12px; }

.notice { margin: 0 0 16px; padding: 12px 14px; border-radius: 12px; background: var(--raised); }
.notice button { margin-top: 6px; }
.notice.warn { background: var(--warn-ground); color: var(--warn); }
.notice.warn button, .notice.bad button { color: var(--ink); }
.notice.bad { background: var(--bad-ground); color: var(--bad); }
.notice.good { background: var(--good-ground); color: var(--good); }
.notice.ask { border: 1px solid var(--accent); background: var(--ground); }
.notice .field { margin: 8px 0; }
.row { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; justify-content: space-between; }
.notice .row { justify-content: flex-start; }
.about { margin-bottom: 8px; }
.about .subject { font-size: 17px; font-weight: 650; line-height: 1.35; }
.messages { display: flex; flex-direction: column; gap: 12px; margin: 16px 0; }
.message { max-width: 92%; padding: 10px 14px; border-radius: 14px 14px 14px 4px; background: var(--raised); }
.message.you { align-self: flex-end; border-radius: 14px 14px 4px 14px; background: var(--mine); }
.text { white-space: pre-wrap; }
.attachment { max-width: 100%; min-height: 40px; margin-top: 8px; padding: 4px 12px; font-size: 14px; }
.reply { padding-top: 16px; border-top: 1px solid var(--line); }
.reply .field { margin-bottom: 8px; }
.scores { display: flex; gap: 6px; }
.score { flex: 1; position: relative; }
.score input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
.score label { display: grid; place-items: center; min-height: 48px; margin: 0; border: 1px solid var(--line); border-radius: 10px; }
.score input:hover + label { border-color: var(--accent); }
.score input:checked + label { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
.score input:focus-visible + label { outline: 3px solid var(--accent); outline-offset: 2px; }
.ends { display: flex; justify-content: space-between; }
@media (forced-colors: active) { .launcher, .panel, .message, .pill, .notice { border: 1px solid; } .score input:checked + label { outline: 3px solid; } }
`;

export const sheet = new CSSStyleSheet();
sheet.replaceSync(CSS);
