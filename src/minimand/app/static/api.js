// Requests to the server that the page came from.

/** The JSON of an answer; what the server said against it becomes an Error. */
async function answer(response) {
  const found = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(found.detail ?? `The server answered ${response.status}.`);
  return found;
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The server does not answer. Is minimand app still running?");
  }
  return answer(response);
}

export const get = (path) => ask(path);

export const post = (path, value) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value ?? {}) });

export const remove = (path) => ask(path, { method: "DELETE" });

/** The bytes of a file that a job made. */
export async function bytes(job, name) {
  const response = await fetch(`/api/jobs/${job}/files/${name}`);
  if (!response.ok) throw new Error(`A file of this job is gone (${response.status}).`);
  return response.arrayBuffer();
}

export const json = (job, name) => get(`/api/jobs/${job}/files/${name}`);

/** Send a file, one that lies beside another or the first one; `show` is told the share that went. XMLHttpRequest, for fetch does not tell. */
export function send(file, tab, beside, show) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/files?tab=${tab}&beside=${beside}&name=${encodeURIComponent(file.name)}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => show(event.loaded / Math.max(1, event.total));
    request.onload = () =>
      request.status === 200
        ? resolve(request.response)
        : reject(new Error(request.response?.detail ?? `The server answered ${request.status}.`));
    request.onerror = () => reject(new Error("The file could not be sent."));
    request.send(file);
  });
}
