// A clock's time line that is wider than its place begins where the instant looked at stands, not in the past.

for (const line of document.querySelectorAll("[data-instant]")) {
  line.scrollLeft = line.scrollWidth * (line.dataset.instant / 1000) - line.clientWidth * 0.6;
}
