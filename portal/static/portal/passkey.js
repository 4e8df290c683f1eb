"use strict";

// Says on the page why a passkey was not used. allauth's script only tells the console.
{
  const REASONS = {
    NotAllowedError:
      "The passkey was not used: it was cancelled, it took too long, or this device has none for this site.",
    InvalidStateError: "This device holds a passkey for your account already.",
    SecurityError: "This browser does not allow passkeys at this address.",
  };
  const why = ({ name }) => {
    if (!window.PublicKeyCredential) return "This browser cannot use passkeys here.";
    return REASONS[name] ?? "The passkey could not be used. Wait a minute.";
  };

  document.addEventListener("allauth.error", (event) => {
    const region = document.getElementById("passkey-failed");
    event.preventDefault(); // it is said here
    // Emptied first: a screen reader does not read the same text a second time.
    region.textContent = "";
    requestAnimationFrame(() => {
      region.textContent = `${why(event.detail.exception)} Try again, or use another way.`;
    });
  });
}
