// The conversation opens at its newest row, and stays there as rows arrive unless one is reading above.

const scroller = document.getElementById("talk-scroll");

function toEnd() { if (scroller) scroller.scrollTop = scroller.scrollHeight; }

if (scroller && !window.location.hash.startsWith("#event-")) toEnd();

let atEnd = true;
scroller?.addEventListener("scroll", () => {
  atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
}, { passive: true });
document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target?.id === "timeline" && atEnd) requestAnimationFrame(toEnd);
});
