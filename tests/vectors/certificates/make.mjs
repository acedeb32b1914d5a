// The certificates that OpenPGP.js makes, for make.sh: one file each in the folder given.
import { writeFileSync } from "node:fs";
import * as openpgp from "openpgp";

const folder = process.argv[2];
const day = (days) => new Date(Date.UTC(2026, 0, 1 + days));
const lifetime = 40 * 86400;

async function generate(options) {
  const generated = await openpgp.generateKey({
    type: "ecc", curve: "curve25519Legacy", userIDs: [{ name: "John" }],
    date: day(0), format: "object", ...options,
  });
  return generated.privateKey;
}

function write(situation, key) {
  writeFileSync(`${folder}/openpgpjs-${situation}.asc`, key.toPublic().armor());
}

async function revoked(flag) {
  const { privateKey } = await openpgp.revokeKey({
    key: await generate(), reasonForRevocation: { flag, string: "" },
    date: day(40), format: "object",
  });
  return privateKey;
}

write("fresh", await generate());
const old = await generate({ subkeys: [{ keyExpirationTime: lifetime }] });
write("expiring", old);
write("rotated", await old.addSubkey({ type: "ecc", curve: "curve25519Legacy", date: day(30) }));
write("expired", await generate({ keyExpirationTime: lifetime }));
write("soft-revoked", await revoked(openpgp.enums.reasonForRevocation.keySuperseded));
write("hard-revoked", await revoked(openpgp.enums.reasonForRevocation.keyCompromised));
const eve = await generate({ userIDs: [{ name: "Eve" }] });
write("certified", await (await generate()).signAllUsers([eve], day(20)));
const names = [{ name: "First" }, { name: "Second" }, { name: "Third" }];
write("user-ids", await generate({ userIDs: names }));
write("signing-subkey", await generate({ subkeys: [{}, { sign: true }] }));
write("future", await generate({ date: new Date(Date.UTC(2099, 0, 1)) }));
const expired = await generate({ keyExpirationTime: lifetime });
const renewed = await openpgp.reformatKey({
  privateKey: expired, userIDs: [{ name: "John" }], date: day(60), format: "object",
});
write("renewed", await expired.update(renewed.privateKey));
write("v6", await generate({ type: "curve25519", config: { v6Keys: true, aeadProtect: true } }));
