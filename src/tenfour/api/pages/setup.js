// The secret stands behind the # of the link, so that it reaches no log and no proxy.
"use strict";

const form = document.getElementById("setup");
const outcome = document.getElementById("outcome");

function show(text, className) {
  outcome.textContent = text;
  outcome.className = className;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = JSON.stringify({ secret: location.hash.slice(1), name: form.elements.name.value, password: form.elements.password.value });
  try {
    const response = await fetch("/api/v1/setup", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const answer = await response.json();
    if (!response.ok) {
      show(`${answer.detail} ${answer.advice}`, "bad");
      return;
    }
    form.hidden = true;
    history.replaceState(null, "", location.pathname);
    show(`${answer.name} is the administrator of this server and can log in.`, "good");
    document.getElementById("next").hidden = false;
  } catch (cause) {
    show(`No answer: ${cause.message}`, "bad");
  }
});
