export function headerComplaints(root: string): string[];
