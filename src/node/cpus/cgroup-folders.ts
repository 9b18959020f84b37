import { readText } from './read-text.ts';

/** Where the files of the process's control group and of the groups above it are. */
export interface CgroupFolders {
  readonly version: 1 | 2;
  /** The group's own folder comes first. A folder may be missing. */
  readonly folders: readonly string[];
}

/** A mounted hierarchy of control groups. */
interface Mount {
  readonly version: 1 | 2;
  /** The group whose folder is the mount point. */
  readonly group: string;
  readonly point: string;
}

/**
 * The hierarchies that may limit the process's CPU time: version 1 with the controller `cpu`, version 2, or both on a hybrid machine,
 * where one of them has no such files.
 */
export function cgroupFolders(root: string): CgroupFolders[] {
  const groups = ownGroups(readText(`${root}/proc/self/cgroup`) ?? '');
  if (groups.size === 0) return [];
  const mounts = mountsOf(readText(`${root}/proc/self/mountinfo`) ?? '');
  return [...groups].flatMap(([version, group]) => (
    mountsFor(group, mounts.filter((mount) => mount.version === version)).map((mount) => ({ version, folders: foldersOf(group, mount, root) }))
  ));
}

/** From the lines "0::/path" (version 2) and "4:cpu,cpuacct:/path" (version 1). */
function ownGroups(text: string): Map<1 | 2, string> {
  const groups = new Map<1 | 2, string>();
  for (const line of text.split('\n')) {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    if (id === '0' && controllers === '') groups.set(2, path);
    else if (controllers!.split(',').includes('cpu')) groups.set(1, path);
  }
  return groups;
}

/** A line: "32 31 0:29 /group /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu" (proc_pid_mountinfo(5)). */
function mountsOf(text: string): Mount[] {
  return text.split('\n').flatMap((line): Mount[] => {
    const [own = '', type = ''] = line.split(' - ');
    const [, , , group, point] = own.split(' ');
    const [name, , options = ''] = type.split(' ');
    if (group === undefined || point === undefined) return [];
    const mount = { group: unescaped(group), point: unescaped(point) };
    if (name === 'cgroup2') return [{ version: 2, ...mount }];
    return name === 'cgroup' && options.split(',').includes('cpu') ? [{ version: 1, ...mount }] : [];
  });
}

/** The kernel writes a blank, a tab, a line break and a backslash as "\040", "\011", "\012" and "\134". */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

/**
 * The mounts that show the group. None does where the paths were written for different namespaces, such as a mount from the host in a
 * container: then the mount points are taken for the container's own group.
 */
function mountsFor(group: string, mounts: readonly Mount[]): readonly Mount[] {
  const showing = mounts.filter((mount) => pathBelow(mount.group, group) !== undefined);
  return showing.length > 0 ? showing : mounts;
}

function foldersOf(group: string, mount: Mount, root: string): string[] {
  const names = (pathBelow(mount.group, group) ?? '').split('/').filter((name) => name !== '');
  // "/../other" is a group outside of the process's namespace, which has no folder here.
  const known = names.includes('..') ? [] : names;
  return known.map((_, i) => `${root}${mount.point}/${known.slice(0, known.length - i).join('/')}`).concat(`${root}${mount.point}`);
}

/** "/b" for the group "/a/b" at a mount of "/a"; undefined where the mount does not show the group. */
function pathBelow(top: string, group: string): string | undefined {
  if (top === '/') return group;
  if (group === top) return '';
  return group.startsWith(`${top}/`) ? group.slice(top.length) : undefined;
}
