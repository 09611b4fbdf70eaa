export function regionComplaints(root: string): string[];
