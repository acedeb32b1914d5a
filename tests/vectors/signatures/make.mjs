// What GnuPG would not make, by OpenPGP.js, for make.sh: written into the folder given.
import { readFileSync, writeFileSync } from "node:fs";
import * as openpgp from "openpgp";

const folder = process.argv[2];
const day = (days) => new Date(Date.UTC(2026, 0, 1 + days));
const octets = new TextEncoder().encode("<item/>");

const { privateKey: john } = await openpgp.generateKey({
  type: "ecc", curve: "curve25519Legacy", userIDs: [{ name: "John" }],
  date: day(0), format: "object",
});
writeFileSync(`${folder}/strange.cert.asc`, john.toPublic().armor());

// Signs as `type` says, whatever such a signature should be over; `change` has the last word.
async function sign(file, type, change = () => {}) {
  const signature = new openpgp.SignaturePacket();
  signature.signatureType = type;
  signature.hashAlgorithm = openpgp.enums.hash.sha512;
  signature.publicKeyAlgorithm = john.keyPacket.algorithm;
  signature.toSign = () => octets;
  change(signature);
  await signature.sign(john.keyPacket, new openpgp.LiteralDataPacket(), day(10), false, openpgp.config);
  const literal = new openpgp.LiteralDataPacket(day(10));
  literal.setBytes(octets, openpgp.enums.literal.binary);
  const packets = new openpgp.PacketList();
  packets.push(signature, literal);
  const armored = openpgp.armor(openpgp.enums.armor.message, packets.write());
  writeFileSync(`${folder}/${file}.asc`, armored);
}

const { signature: types } = openpgp.enums;
await sign("good-prefixed", types.binary);
await sign("bad-certification", types.certPositive);
await sign("bad-standalone", types.standalone);
await sign("bad-timestamp", types.timestamp);
await sign("bad-critical-subpacket", types.binary, (signature) => {
  const write = signature.writeHashedSubPackets.bind(signature);
  signature.writeHashedSubPackets = () => {
    const [high, low, ...known] = write();
    const unknown = [2, 0x80 | 99, 0];
    const size = (high << 8) + low + unknown.length;
    return Uint8Array.from([size >> 8, size & 255, ...known, ...unknown]);
  };
});

// GnuPG writes back signatures into the part that is not signed.
const armoredKey = readFileSync(`${folder}/john.cert.asc`, "utf8");
const stripped = await openpgp.readKey({ armoredKey });
for (const binding of stripped.subkeys.flatMap((subkey) => subkey.bindingSignatures)) {
  binding.unhashedSubpackets = [];
  binding.embeddedSignature = null;
}
writeFileSync(`${folder}/john-without-back-signature.cert.asc`, stripped.armor());
