// Passkeys and security keys: the device answers the server's question, and a plain form carries the answer there.
// `webauthnJSON` comes with the sign-in library and turns both into JSON. The button waits, disabled, for this script:
// a click before it would do nothing at all.

const button = document.querySelector("[data-passkey]");
const answer = button?.form.elements.namedItem("credential");
const words = button?.form.querySelector("[data-passkey-error]");

function asked() {
  return JSON.parse(document.getElementById("passkey-options").textContent);
}

async function create() {
  const { creation_options: options } = asked();
  const alone = button.form.elements.namedItem("passwordless");
  if (alone) {
    const wanted = options.publicKey.authenticatorSelection;
    wanted.residentKey = alone.checked ? "required" : "discouraged";
    wanted.requireResidentKey = alone.checked;
    if (alone.checked) wanted.userVerification = "required";
  }
  return globalThis.webauthnJSON.create(options);
}

async function get() {
  return globalThis.webauthnJSON.get(asked().request_options);
}

async function signIn() {
  const response = await fetch(button.form.action, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error("The server did not ask for a passkey. Reload the page and try again.");
  return globalThis.webauthnJSON.get((await response.json()).request_options);
}

const ways = { create, get, "sign-in": signIn };

function reason(error) {
  if (error.name === "NotAllowedError") return "It was cancelled, or took too long. Try again.";
  if (error.name === "InvalidStateError") return "This device has a passkey of your account already.";
  return error.message || "The device did not answer. Try again, or use another way.";
}

button?.addEventListener("click", async () => {
  words.hidden = true;
  button.disabled = true;
  try {
    answer.value = JSON.stringify(await ways[button.dataset.passkey]());
    button.form.submit();
  } catch (error) {
    words.textContent = reason(error);
    words.hidden = false;
  } finally {
    button.disabled = false;
  }
});
if (button) button.disabled = false;
