#!/usr/bin/env bash
# Runs the check kit on the machine with the GPU: unpacks it, finds a Vulkan loader and NVIDIA's driver, and hands over to
# main.mjs. Needs bash, coreutils and ldconfig, and tar with xz or Python 3; no Node, no network, no root.
#
# usage: bash .gpu/run.sh [STAGE:SECONDS ...]     stages are in scripts/gpu-check/README.md
#
# KIT=FOLDER    unpack into this folder (default ${TMPDIR:-/tmp}/tessera-kit); the next run finds the kit unpacked
# OUT=FOLDER    write summary.txt and logs here (default ${TMPDIR:-/tmp}/tessera-out)
# REHEARSE=1    take any adapter, small shapes and few tests
set -euo pipefail

fail() {
  echo "run: $*" >&2
  exit 1
}

packed=$(cd "$(dirname "$0")" && pwd)
libraries=$(dirname "$packed")/.gl
for file in node.tar* node.key modules.tar* modules.key code.tar*; do
  compgen -G "$packed/$file" >/dev/null || fail "$packed has no $file; pack again, and bring all of .gpu"
done

# A bare image may have no xz; Python can unpack it, too.
unpack() { # ARCHIVE FOLDER
  tar -xf "$1" -C "$2" 2>/dev/null && return
  python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$1" "$2" 2>/dev/null ||
    fail "$1 cannot be unpacked: that takes tar with xz, or Python 3 with lzma, and a whole file"
}

# A folder for each kit, named by what is packed: nothing of an older one is left in it, and a part of one has another name.
mark=$(cat "$packed"/{node.key,modules.key,code.tar*} | sha256sum)
home=${KIT:-${TMPDIR:-/tmp}/tessera-kit}/${mark:0:12}
if [ ! -d "$home" ]; then
  rm -rf "$home.partial"
  mkdir -p "$home.partial"
  jobs=()
  for part in node modules code; do
    unpack "$(compgen -G "$packed/$part.tar*")" "$home.partial" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || exit 1; done
  mv "$home.partial" "$home"
fi

# What the system lacks is put beside it, not into it: that takes no root and breaks no other program.
beside() { # LIBRARY ARCHIVE
  [[ "$(ldconfig -p)" != *"$1"* ]] || return 0
  [ -e "$libraries/$2.tar.xz" ] || { echo "run: neither this system nor the kit has $1" && return 0; }
  if [ ! -d "$home/$2" ]; then
    mkdir "$home/$2"
    unpack "$libraries/$2.tar.xz" "$home/$2"
  fi
  export LD_LIBRARY_PATH="$home/$2/usr/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}
PATH="$PATH:/sbin:/usr/sbin"
beside libvulkan.so.1 vulkan
beside libX11.so.6 x11 # NVIDIA's driver asks for it even where nothing is drawn

# NVIDIA's driver alone where there is one: another adapter of the machine must not be measured by mistake.
for icd in /usr/local/nvidia/share/vulkan /etc/vulkan /usr/share/vulkan; do
  [ ! -e "$icd/icd.d/nvidia_icd.json" ] || { export VK_DRIVER_FILES="$icd/icd.d/nvidia_icd.json" && break; }
done

export OUT=${OUT:-${TMPDIR:-/tmp}/tessera-out}
export PATH="$home/bin:$PATH" NO_COLOR=1 CI=1 PYTHONUNBUFFERED=1 TESSERA_CACHE="$home/cache"
mkdir -p "$OUT" "$home/work"
node --version >/dev/null || fail "the Node in the kit does not start on this machine; see the message above"
cd "$home"
exec node scripts/gpu-check/main.mjs "$@"
