// What Better Auth's CLI takes from Node 22, for Node 20.
Map.groupBy ??= (items, key) => {
  const groups = new Map();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
};
Object.groupBy ??= (items, key) => Object.assign(Object.create(null), Object.fromEntries(Map.groupBy(items, key)));
