#!/bin/bash
# The bill of materials: whatever the loader of this system would load for a tool is in it, at the version that dpkg knows, and nothing else; and it
# has what SPDX 2.3 demands of its JSON.
source "$(dirname "$0")/../tap.sh"

bin=${TXPIPE_BIN:-$root/bin}
mapfile -t tools < <(find "$bin" -maxdepth 1 -type f -perm -100 | sort)
bom=$work/bom.json
exits 0 "a bill of all tools" env SOURCE_DATE_EPOCH=1767225600 "$root/scripts/sbom" "${tools[@]}"
cp "$work/out" "$bom"
exits 0 "and again" env SOURCE_DATE_EPOCH=1767225600 LC_ALL=C.UTF-8 TZ=Asia/Seoul "$root/scripts/sbom" "${tools[@]}"
is "gives the same bytes" "$(cksum <"$work/out")" "$(cksum <"$bom")"

# --- what SPDX demands
has() { ok "$1" jq -e "$2" "$bom"; }
has "the document" '.spdxVersion == "SPDX-2.3" and .dataLicense == "CC0-1.0" and .SPDXID == "SPDXRef-DOCUMENT" and (.name | length > 0)
	and (.documentNamespace | test("^[a-z]+:[^#]+$")) and .creationInfo.created == "2026-01-01T00:00:00Z" and (.creationInfo.creators | all(test("^(Tool|Person|Organization): .")))'
has "each part has a name of its own, of letters, digits, dots and dashes" '[.SPDXID, .packages[].SPDXID, .files[].SPDXID] | (unique | length) == length and all(test("^SPDXRef-[A-Za-z0-9.-]+$"))'
has "packages" '.packages | length > 5 and all(.name != "" and .versionInfo != "" and .downloadLocation == "NOASSERTION" and has("filesAnalyzed"))'
has "where they are from" '.packages[1:] | all(.externalRefs[0] | .referenceCategory == "PACKAGE-MANAGER" and .referenceType == "purl" and (.referenceLocator | test("^pkg:deb/[a-z]+/[a-z0-9.+%-]+@[^?]+\\?arch=[a-z0-9]+$"; "i")))'
has "files" '.files | all((.fileName | startswith("./")) and ([.checksums[] | .algorithm] == ["SHA1", "SHA256"]))'
has "relations speak of parts that are there" '([.SPDXID, .packages[].SPDXID, .files[].SPDXID] | map({(.): true}) | add) as $is | .relationships | all($is[.spdxElementId] and $is[.relatedSpdxElement]
	and (.relationshipType | IN("DESCRIBES", "CONTAINS", "DYNAMIC_LINK", "STATIC_LINK", "DEPENDS_ON")))'
has "every part is reached by one" '([.relationships[].relatedSpdxElement] | map({(.): true}) | add) as $reached | [.packages[].SPDXID, .files[].SPDXID] | all($reached[.])'
is "the code over all files" "$(jq -r '.packages[0].packageVerificationCode.packageVerificationCodeValue' "$bom")" \
	"$(sha1sum "${tools[@]}" | cut -d' ' -f1 | sort | tr -d '\n' | sha1sum | cut -d' ' -f1)"

# --- against the binaries and dpkg, asked in another way
is "checksums" "$(jq -r '.files[] | .checksums[1].checksumValue + "  " + (.fileName | ltrimstr("./"))' "$bom" | sort -k2)" \
	"$(cd "$bin" && sha256sum "${tools[@]##*/}" | sort -k2)"
loaded() { # TOOL: the packages of what it loads when it runs
	LD_TRACE_LOADED_OBJECTS=1 "$1" | grep -o '/[^ ]*' | xargs realpath | while read -r file; do
		dpkg-query -S "$file" 2>/dev/null || dpkg-query -S "${file#/usr}"
	done | cut -d: -f1 | sort -u
}
reached() { # TOOL
	jq -r --arg from "SPDXRef-File-${1##*/}" '(.packages | map({(.SPDXID): .name}) | add) as $name | .relationships as $all
		| def closure: . as $have | ([$all[] | select((.relationshipType | IN("DYNAMIC_LINK", "DEPENDS_ON")) and (.spdxElementId | IN($have[]))) | .relatedSpdxElement] + $have | unique)
			| if length > ($have | length) then closure else . end;
		[$from] | closure | .[] | $name[.] // empty' "$bom" | sort -u
}
for tool in "${tools[@]}"; do
	is "${tool##*/}: what it loads" "$(reached "$tool")" "$(loaded "$tool")"
done
like "pgload is linked with libpq" "$(jq -r '.relationships[] | select(.spdxElementId == "SPDXRef-File-pgload") | .relatedSpdxElement' "$bom")" '^SPDXRef-Package-libpq5'
is "versions are those that are installed" "$(jq -r '.packages[1:][] | .name + " " + .versionInfo' "$bom" | sort)" \
	"$(jq -r '.packages[1:][].name' "$bom" | xargs dpkg-query -W -f '${Package} ${Version}\n' | sort)"
like "what is compiled in" "$(jq -r '.relationships[] | select(.relationshipType == "STATIC_LINK") | .spdxElementId + " " + .relatedSpdxElement' "$bom")" '^SPDXRef-File-txdash .*libjs-chart\.js$'

# --- what cannot be told is not left out
exits 2 "no binary" "$root/scripts/sbom" "$work/none"
exits 2 "no binary, but a script" "$root/scripts/sbom" "$root/scripts/sbom"
exits 2 "none at all" "$root/scripts/sbom"
finish
