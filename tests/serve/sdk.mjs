// One device with the official JavaScript SDK, unchanged: lines of JSON come in and go out.
//
// node sdk.mjs FOLDER: the folder's node_modules hold `wukongimjssdk` and `ws`. The SDK is written
// for bundlers, so its modules are found without their ending here; nothing in it is altered.

import { register } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const hooks = `
export async function resolve(name, context, next) {
  try { return await next(name, context); } catch (error) {
    if (!name.startsWith(".")) throw error;
    return next(name === "." ? "./index.js" : name + ".js", context);
  }
}
export async function load(url, context, next) {
  return next(url, url.includes("/wukongimjssdk/") ? { ...context, format: "module" } : context);
}`;
register("data:text/javascript," + encodeURIComponent(hooks));
console.log = console.error; // what the SDK says for itself

const modules = join(process.argv[2], "node_modules");
const load = (...path) => import(pathToFileURL(join(modules, ...path)).href);
global.WebSocket = (await load("ws", "wrapper.mjs")).default;
const { WKSDK, Channel, MessageText, Conversation } = await load("wukongimjssdk", "lib", "sdk.js");
const sdk = WKSDK.shared ? WKSDK.shared() : WKSDK.default.shared();

const tell = (event, more) => process.stdout.write(JSON.stringify({ event, ...more }) + "\n");

sdk.connectManager.addConnectStatusListener((status, reason) => tell("status", { status, reason }));
sdk.chatManager.addMessageStatusListener((ack) =>
  tell("ack", { seq: ack.messageSeq, reason: ack.reasonCode, id: String(ack.messageID) })
);
sdk.chatManager.addMessageListener((message) => {
  if (message.messageSeq) { // without one it is the echo of an own message
    const { fromUID, channel, messageSeq, content } = message;
    tell("message", { from: fromUID, channel: channel.channelID, seq: messageSeq, text: content.text });
  }
});
sdk.chatManager.addCMDListener(({ content: { cmd, param } }) => tell("command", { cmd, param }));

// What an app provides: the list of conversations, from its server.
sdk.config.provider.syncConversationsCallback = async () => {
  const body = JSON.stringify({ uid: sdk.config.uid, version: 0, last_msg_seqs: "", msg_count: 20 });
  const answer = await fetch(sdk.api + "/conversation/sync", { method: "POST", body });
  return (await answer.json()).map((each) => {
    const conversation = new Conversation();
    conversation.channel = new Channel(each.channel_id, each.channel_type);
    conversation.unread = each.unread;
    conversation.timestamp = each.timestamp;
    return conversation;
  });
};
sdk.config.provider.syncRemindersCallback = async () => [];

const commands = {
  connect({ url, api, uid, token, flag }) {
    Object.assign(sdk.config, { addr: url, uid, token, deviceFlag: flag });
    sdk.api = api;
    sdk.connect();
  },
  send: ({ to, kind, text }) => sdk.chatManager.send(new MessageText(text), new Channel(to, kind)),
  async sync() {
    const found = await sdk.conversationManager.sync();
    tell("list", { list: found.map((each) => [each.channel.channelID, each.unread]) });
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...more } = JSON.parse(line);
  await commands[command](more);
}
process.exit(0);
