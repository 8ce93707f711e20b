/* A short sound for a new emergency, where somebody switched it on in this browser: once for each, whichever page sees it first. */
(() => {
  "use strict";
  const doc = document, wanted = "nabat-sound:" + doc.body.dataset.me, RANG = "nabat-rang";
  const on = () => localStorage.getItem(wanted) === "on";
  let audio = null;
  const ready = () => { if (window.AudioContext) { audio = audio || new AudioContext(); if (audio.state === "suspended") audio.resume(); } return audio; };
  function play() {
    if (!ready()) return;
    [880, 660, 880].forEach((pitch, n) => {
      const tone = audio.createOscillator(), loud = audio.createGain(), at = audio.currentTime + n * 0.22;
      tone.frequency.value = pitch;
      loud.gain.setValueAtTime(0.0001, at);
      loud.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
      loud.gain.exponentialRampToValueAtTime(0.0001, at + 0.2);
      tone.connect(loud).connect(audio.destination);
      tone.start(at); tone.stop(at + 0.21);
    });
  }
  doc.addEventListener("nabat:emergencies", ({ detail: rows }) => {
    if (!on() || !ready() || audio.state !== "running") return; // whoever cannot sound leaves it to another page
    const rang = JSON.parse(localStorage.getItem(RANG) || "[]"), fresh = rows.filter((row) => !rang.includes(row));
    if (!fresh.length) return;
    localStorage.setItem(RANG, JSON.stringify([...rang, ...fresh].slice(-200)));
    play();
  });
  /* A browser lets a page sound only once somebody has touched it. */
  for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => { if (on()) ready(); }, { once: true });

  const button = doc.getElementById("sound");
  if (!button) return;
  const show = () => { button.textContent = on() ? button.dataset.off : button.dataset.on; };
  button.addEventListener("click", () => {
    if (on()) localStorage.removeItem(wanted);
    else { localStorage.setItem(wanted, "on"); play(); }
    show();
  });
  show();
})();
